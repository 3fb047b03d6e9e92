"""What a record's fields held when: field history where the org tracks it, else what was read.

``LeadHistory`` and ``ContactHistory`` hold only the fields that the admin ticked, and only
since then (Object Reference, "LeadHistory"). The first old value of a field is what it held
since the record's creation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from connector.adapters.salesforce.fields import CHANGE_MARKS, personal
from connector.adapters.salesforce.values import Json, UnreadableError, moment, text
from connector.records import PropertyChange

CONVERTED = "leadConverted"
"""The word in a history's ``Field`` for a conversion, which is no field."""

UNTOUCHED = timedelta(minutes=1)
"""A record not changed later than this after its creation holds what it was created with."""


class Version(NamedTuple):
    """A field went from ``old`` to ``new``."""

    at: datetime
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """Under which circumstances a record was read.

    ``first``: nothing of the org was read before, so that values without history are assumed known
    since creation; later they are known since ``now``.
    """

    now: datetime
    first: bool


def versions(rows: Sequence[Json], types: Mapping[str, str]) -> dict[str, list[Version]]:
    """Return field → its changes, oldest first; rows that can't be read are passed over.

    ``types`` maps field names to describe's types. Other words are happenings (``created``,
    ``leadMerged``) or lookups, which mean who works a lead and stand there twice, by id and by name.
    """
    found: dict[str, list[Version]] = {}
    for row in rows:
        name = str(row.get("Field") or "")
        if name not in types and name != CONVERTED:
            continue
        kind = types.get(name, "string")
        try:
            at = moment(row.get("CreatedDate"), "the time of a change")
        except UnreadableError:
            continue
        found.setdefault(name, []).append(Version(at, text(row.get("OldValue"), kind), text(row.get("NewValue"), kind)))
    return {name: sorted(changes, key=lambda change: change.at) for name, changes in found.items()}


def converted_at(known: Mapping[str, Sequence[Version]]) -> datetime | None:
    """Return when the lead was converted, if its history says so."""
    marks = known.get(CONVERTED)
    return marks[-1].at if marks else None


def changes(
    record_id: str,
    created: datetime,
    modified: datetime,
    values: Mapping[str, str],
    known: Mapping[str, Sequence[Version]],
    reading: Reading,
) -> Iterator[PropertyChange]:
    """Yield what the fields of a record held when; ``values`` are those that it holds now."""
    names = [
        name for name in {**values, **known} if name not in CHANGE_MARKS and name != CONVERTED and not personal(name)
    ]
    for name in names:
        past = known.get(name)
        if past:
            yield from _dated(record_id, name, created, past, values.get(name), reading.now)
        elif reading.first or modified - created <= UNTOUCHED:
            yield PropertyChange(record_id, name, values[name], created)
        else:
            yield PropertyChange(record_id, name, values[name], reading.now, observed=True)


def _dated(
    record_id: str, name: str, created: datetime, past: Sequence[Version], current: str | None, now: datetime
) -> Iterator[PropertyChange]:
    if past[0].old is not None and past[0].at > created:
        yield PropertyChange(record_id, name, past[0].old, created)
    for change in past:
        yield PropertyChange(record_id, name, change.new, change.at)
    if current != past[-1].new:
        # Tracking was switched off meanwhile, or the history's value is a label: what is read now is known now.
        yield PropertyChange(record_id, name, current, now, observed=True)
