"""HubSpot's scalar values: strings or null whatever the type, times in two forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

Json = dict[str, Any]

LONGEST_ID = 200
"""Characters; HubSpot's own are numbers, or a few dozen letters where an event has one."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class UnreadableError(ValueError):
    """A thing of an answer can't be read; the message says which part, without its value."""


def moment(value: object, what: str) -> datetime:
    """Return the time in ``value``, ISO 8601 or epoch milliseconds; raise ``UnreadableError`` naming ``what``."""
    try:
        return _read_moment(value if type(value) is str else str(value))
    except (ValueError, OverflowError):
        raise UnreadableError(f"{what} is not a time") from None


@lru_cache(maxsize=1024)
def _read_moment(text: str) -> datetime:
    """Read a time; most properties of an object have that of its creation."""
    text = text.strip()
    if text.lstrip("-").isdecimal():
        return _EPOCH + timedelta(milliseconds=int(text))
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def first_moment(what: str, *values: object) -> datetime:
    """Return the first of ``values`` that is a time; raise ``UnreadableError`` if none is."""
    for value in values:
        if isinstance(value, datetime):
            return value
        try:
            return moment(value, what)
        except UnreadableError:
            continue
    raise UnreadableError(f"the {what} is missing or not a time")


def optional_moment(value: object, what: str) -> datetime | None:
    """Return the time in ``value``, or None where there is none."""
    return None if value in (None, "") else moment(value, what)


def milliseconds(at: datetime) -> int:
    """Return ``at`` as whole epoch milliseconds."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def iso(at: datetime) -> str:
    """Return ``at`` as HubSpot writes a datetime: UTC, milliseconds, ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def money(value: object) -> Decimal | None:
    """Return an amount, or None where there is none or it is not a number."""
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def text(value: object) -> str | None:
    """Return a property's value as text; HubSpot means "cleared" by null and by the empty string."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def identifier(raw: Mapping[str, Any], key: str = "id") -> str:
    """Return an object's id, which is a string in some answers and a number in others."""
    found = raw.get(key)
    if isinstance(found, bool) or not isinstance(found, str | int):
        raise UnreadableError("the id is missing")
    read = str(found)
    if not 0 < len(read) <= LONGEST_ID or not read.isascii() or not read.isprintable():
        raise UnreadableError("the id is missing or malformed")
    return read


def identifiers(found: Iterable[Mapping[str, Any]], key: str = "id") -> list[str]:
    """Return the ids of those objects that have one."""
    read = []
    for raw in found:
        try:
            read.append(identifier(raw, key))
        except UnreadableError:
            continue
    return read


def rows(raw: Mapping[str, Any], key: str) -> list[Json]:
    """Return a list of objects within an object; what is no object in it is taken for an empty one."""
    found = raw.get(key)
    return [each if isinstance(each, dict) else {} for each in found] if isinstance(found, list) else []


def part(raw: Mapping[str, Any], key: str) -> Json:
    """Return an object within an object, empty where there is none."""
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def properties_of(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the filled properties of an object as text."""
    filled = {}
    for name, value in part(raw, "properties").items():
        # Nearly all are texts already.
        told = value if type(value) is str else text(value)
        if told:
            filled[name] = told
    return filled


def id_of(raw: Mapping[str, Any]) -> object:
    """Return what an object of an answer gives as its id, good or not."""
    return raw.get("id")
