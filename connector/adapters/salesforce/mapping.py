"""Salesforce's leads, contacts and accounts → records. Pure: rows in, dataclasses out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from connector.adapters.salesforce.fields import BOUNCED, BOUNCED_AT, CHANGE_MARKS, COMPANY_PREFIX, STATUS
from connector.adapters.salesforce.history import Reading, Version, changes, converted_at
from connector.adapters.salesforce.ids import to_18
from connector.adapters.salesforce.values import Row, UnreadableError, moment, optional_moment, text
from connector.records import (
    Company,
    Conversion,
    PropertyChange,
    Record,
    Removal,
)

Types = Mapping[str, str]
"""Field name → describe's type."""

Past = Mapping[str, Sequence[Version]]


@dataclass(frozen=True, slots=True)
class Person:
    """A lead's or contact's row, read; its history is still apart."""

    record_id: str
    email: str | None
    created: datetime
    modified: datetime
    values: Mapping[str, str]
    company_id: str | None

    def record(self, born: datetime, merged: Sequence[str]) -> Record:
        """Return the record of a person who was known since ``born`` and took over ``merged``."""
        created = min(born, self.created)
        # A lead has no account, nor all fields of a contact: what the contact alone tells came with the conversion.
        since = self.created if created < self.created else None
        return Record(
            self.record_id,
            self.email,
            created,
            self.modified,
            self.values,
            self.company_id,
            tuple(merged),
            company_since=since if self.company_id else None,
            values_since=since,
        )


def person(row: Row, types: Types, own: AbstractSet[str]) -> Person:
    """Read a lead's or contact's row; ``own`` are the fields that the connector writes."""
    record_id = to_18(row.get("Id"))
    created = moment(row.get("CreatedDate"), "the creation date")
    modified = optional_moment(row.get("SystemModstamp"), "the modification date") or created
    values = _values(row, types, own)
    if BOUNCED_AT in values:
        values[BOUNCED] = "true"
    email, account = text(row.get("Email")), text(row.get("AccountId"))
    return Person(
        record_id,
        email.strip().lower() if email else None,
        created,
        modified,
        values,
        to_18(account) if account else None,
    )


def person_changes(found: Person, past: Past, reading: Reading, as_record: str | None = None) -> list[PropertyChange]:
    """Return what the person's fields held when; ``as_record`` is the contact that a lead became."""
    named = as_record or found.record_id
    return list(changes(named, found.created, found.modified, found.values, past, reading))


def stages(found: Person, past: Past, as_record: str | None = None) -> Iterator[Conversion]:
    """Yield each status that a lead entered; without history the present one, at no known time."""
    named = as_record or found.record_id
    tracked = past.get(STATUS, ())
    if not tracked:
        current = found.values.get(STATUS)
        if current is not None:
            untouched = found.created == found.modified
            yield _stage(found.record_id, named, current, found.created if untouched else None)
        return
    if tracked[0].old is not None:
        yield _stage(found.record_id, named, tracked[0].old, found.created)
    for change in tracked:
        if change.new is not None:
            yield _stage(found.record_id, named, change.new, change.at)


def _stage(lead_id: str, record_id: str, value: str, at: datetime | None) -> Conversion:
    mark = at.isoformat() if at else ""
    return Conversion("lead_status", f"{lead_id}:{value}:{mark}", f"stage:{value}", at, record_id)


def lead_converted(row: Row, found: Person, past: Past) -> tuple[Conversion, Removal]:
    """Return the conversion on the contact that a lead became, and the lead's end.

    ``ConvertedDate`` has no time; the history has, where the conversion is tracked. Without it the
    lead's last instant of that day that is known: conversion is the last that happens to a lead.
    """
    contact = to_18(row.get("ConvertedContactId"))
    at = converted_at(past)
    if at is None:
        day = optional_moment(row.get("ConvertedDate"), "the conversion date")
        at = found.modified if day is None or found.modified.date() == day.date() else max(day, found.created)
    conversion = Conversion("lead_conversion", found.record_id, "lead_converted", at, contact)
    return conversion, Removal(found.record_id, at, merged_into=contact)


def company(row: Row, types: Types) -> Company:
    """Return an account; its properties are named ``company.…``, as its field definitions are."""
    values = _values(row, types, frozenset())
    created = optional_moment(row.get("CreatedDate"), "the creation date")
    modified = optional_moment(row.get("SystemModstamp"), "the modification date") or created
    if modified is None:
        raise UnreadableError("the account has no modification date")
    return Company(
        to_18(row.get("Id")),
        values.get("Name"),
        _domain(values.get("Website")),
        {COMPANY_PREFIX + name: value for name, value in values.items()},
        modified,
    )


def _values(row: Row, types: Types, own: AbstractSet[str]) -> dict[str, str]:
    kept = {
        name: text(value, types.get(name, "string"))
        for name, value in row.items()
        if name in types and name not in own and name not in CHANGE_MARKS
    }
    return {name: value for name, value in kept.items() if value is not None}


def _domain(website: str | None) -> str | None:
    """Return the host of a website, which people type with and without scheme, ``www.`` and path."""
    if website is None:
        return None
    try:
        host = urlsplit(website if "//" in website else f"//{website}").hostname
    except ValueError:
        return None
    return (host or "").removeprefix("www.").strip(".") or None
