"""Mailchimp's scalar values: times to the second, empty texts for nothing, addresses and their hashes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

Json = dict[str, Any]

SECOND = timedelta(seconds=1)
LONGEST_ID = 200
"""Characters. Shops name orders as they like; Mailchimp's own ids are far shorter."""
RECORD_PARTS = ":"
"""Parts a record's id: ``<audience>:<contact>``. Neither part holds it."""


class UnreadableError(ValueError):
    """A thing of an answer can't be read; the message says which part, without its value."""


def moment(value: object, what: str) -> datetime:
    """Return the ISO 8601 time in ``value`` (UTC where it has no zone); raise ``UnreadableError`` naming ``what``."""
    try:
        read = datetime.fromisoformat(str(value).strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnreadableError(f"{what} is not a time") from None


def optional_moment(value: object, what: str) -> datetime | None:
    """Return the time in ``value``, or None where there is none."""
    return None if value in (None, "") else moment(value, what)


def iso(at: datetime) -> str:
    """Return ``at`` as Mailchimp writes it: UTC, whole seconds, ``+00:00``."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat()


def whole(at: datetime) -> datetime:
    """Return ``at`` without its fraction of a second, which Mailchimp does not know."""
    return at.replace(microsecond=0)


def text(value: object) -> str | None:
    """Return a value as text, None where it is empty; Mailchimp means "nothing" by the empty string."""
    if isinstance(value, str | None):
        return value or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return ", ".join(filter(None, (text(part) for part in value.values()))) or None
    if isinstance(value, list):
        return ";".join(filter(None, (text(part) for part in value))) or None
    return str(value)


def plain(number: Decimal) -> str:
    """Return a number without exponent and trailing zeros."""
    written = format(number, "f")
    return written.rstrip("0").rstrip(".") if "." in written else written


def money(value: object) -> Decimal | None:
    """Return an amount, or None where there is none or it is not a number."""
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def identifier(raw: Mapping[str, Any], key: str) -> str:
    """Return an id of an object; raise ``UnreadableError`` if it has none."""
    found = raw.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise UnreadableError(f"the {key} is missing")
    read = str(found)
    if not 0 < len(read) <= LONGEST_ID or not read.isprintable():
        raise UnreadableError(f"the {key} is missing or malformed")
    return read


def address(value: object) -> str | None:
    """Return an e-mail address as it is compared, None where there is none."""
    return str(value or "").strip().lower() or None


def subscriber_hash(email: str) -> str:
    """Return the hash by which the API names members.

    MD5 of the address in lower case (https://mailchimp.com/developer/marketing/docs/methods-parameters/).
    """
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def hashes(email: str) -> list[str]:
    """Return the hashes under which a member may be kept: very old audiences hashed addresses as they were typed."""
    typed = hashlib.md5(email.strip().encode(), usedforsecurity=False).hexdigest()
    return list(dict.fromkeys((subscriber_hash(email), typed)))


def record_id(list_id: str, contact: str) -> str:
    """Return the id of a record: its audience, and the contact's id, which outlives a change of address."""
    return f"{list_id}{RECORD_PARTS}{contact}"


def split_id(found: str) -> tuple[str, str] | None:
    """Return (audience, contact) of a record's id, None for one that is not of this form."""
    list_id, _, contact = found.partition(RECORD_PARTS)
    return (list_id, contact) if list_id and contact else None


def rows(raw: Mapping[str, Any], key: str) -> list[Json]:
    """Return a list of objects of an answer; what is no object in it is taken for an empty one."""
    found = raw.get(key)
    return [each if isinstance(each, dict) else {} for each in found] if isinstance(found, list) else []


def part(raw: Mapping[str, Any], key: str) -> Json:
    """Return an object within an object, empty where there is none."""
    found = raw.get(key)
    return found if isinstance(found, dict) else {}
