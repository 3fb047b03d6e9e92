"""Salesforce's scalar values: JSON and CSV spell the same thing differently."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

Json = dict[str, Any]
Row = Mapping[str, object]
"""A record as both APIs are read: field name (``Lead.CreatedDate`` for a parent's) → value."""

NUMBERS = frozenset({"int", "long", "double", "currency", "percent"})
TIMES = frozenset({"datetime"})
"""Describe's ``type`` of numbers and of times."""


class UnreadableError(ValueError):
    """A thing of an answer can't be read; the message says which part, without its value."""


def moment(value: object, what: str) -> datetime:
    """Return the time in ``value``; a date alone is its first instant. Raise ``UnreadableError`` naming ``what``.

    REST writes ``+0000``, Bulk ``Z``; both mean UTC (REST guide, date formats).
    """
    text = str(value).strip()
    try:
        read = datetime.fromisoformat(text)
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        raise UnreadableError(f"{what} is missing or not a time") from None


def optional_moment(value: object, what: str) -> datetime | None:
    """Return the time in ``value``, or None where there is none."""
    return None if value in (None, "") else moment(value, what)


def iso(at: datetime) -> str:
    """Return ``at`` as Salesforce takes a time in SOQL and in a body: UTC, milliseconds, ``Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def money(value: object) -> Decimal | None:
    """Return an amount, or None where there is none or it is not a number."""
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def plain_number(value: Decimal) -> str:
    """Return a number without exponent and trailing zeros."""
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def truth(value: object) -> bool:
    """Return a checkbox: JSON's ``true`` or CSV's ``"true"``."""
    return value is True or str(value).lower() == "true"


def text(value: object, kind: str = "string") -> str | None:
    """Return a field's value as text, the same for JSON and CSV; ``kind`` is describe's type. Empty is None."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if kind in NUMBERS:
        number = money(value)
        return str(value) if number is None else plain_number(number)
    if kind in TIMES:
        try:
            return iso(moment(value, "the value"))
        except UnreadableError:
            return str(value)
    return str(value)


def flat(raw: object) -> Json:
    """Return a JSON record in the shape of a CSV row: a parent's fields by dotted name, no ``attributes``.

    What is no record is taken for an empty one, which has no id to be read by.
    """
    row: Json = {}
    if not isinstance(raw, Mapping):
        return row
    for name, value in raw.items():
        if name == "attributes":
            continue
        if isinstance(value, dict):
            row.update({f"{name}.{inner}": found for inner, found in flat(value).items()})
        else:
            row[name] = value
    return row
