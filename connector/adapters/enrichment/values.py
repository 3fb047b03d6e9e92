"""Texts of facts in one spelling, whether they come from a file or an answer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation

from connector.adapters.enrichment.contract import CompanyField
from connector.records import FieldType

LONGEST = 500
"""Characters of a value: longer ones are descriptions, not facts."""

MOST_PARTS = 100
SEPARATOR = ";"
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_TRUTHS = {"true": "true", "yes": "true", "1": "true", "false": "false", "no": "false", "0": "false"}


def read_value(field: CompanyField, raw: object) -> str | None:
    """Return a fact as text, None where there is none; raise ``ValueError`` that says what is wrong with it."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if field.type is FieldType.MULTI:
        return _parts(raw)
    if isinstance(raw, list | dict):
        raise ValueError("is a list or an object where one value is wanted")
    text = " ".join(("true" if raw else "false").split()) if isinstance(raw, bool) else " ".join(str(raw).split())
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text):,} characters; {LONGEST} are allowed")
    return _READERS.get(field.type, str)(text)


def read_time(raw: object) -> datetime | None:
    """Return an ISO 8601 date or time in UTC (without a zone: UTC); raise ``ValueError`` where it is none."""
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if isinstance(raw, datetime):
        return raw.astimezone(UTC) if raw.tzinfo else raw.replace(tzinfo=UTC)
    if isinstance(raw, date):
        return datetime.combine(raw, time(), UTC)
    text = str(raw).strip()
    try:
        found = datetime.fromisoformat(text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no date such as 2026-03-31") from None


def _number(text: str) -> str:
    plain = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    try:
        found = Decimal(plain)
    except InvalidOperation:
        raise ValueError("is no number such as 1250 or 0.5") from None
    if not found.is_finite() or abs(found.adjusted()) > 30:
        raise ValueError("is no number such as 1250 or 0.5")
    return f"{found:f}"


def _truth(text: str) -> str:
    if text.lower() not in _TRUTHS:
        raise ValueError("is neither yes nor no")
    return _TRUTHS[text.lower()]


def _day(text: str) -> str:
    found = read_time(text)
    return found.isoformat() if found else ""


def _parts(raw: object) -> str | None:
    given: Iterable[object] = raw if isinstance(raw, list) else re.split(r"[;|,]", str(raw))
    parts = set()
    for item in given:
        if isinstance(item, list | dict):
            raise ValueError("has lists or objects where single values are wanted")
        text = " ".join(str(item).replace(SEPARATOR, " ").split()) if item is not None else ""
        if len(text) > LONGEST:
            raise ValueError(f"has a part of {len(text):,} characters; {LONGEST} are allowed")
        if text:
            parts.add(text)
    if len(parts) > MOST_PARTS:
        raise ValueError(f"has {len(parts):,} parts; {MOST_PARTS} are allowed")
    return SEPARATOR.join(sorted(parts)) or None


_READERS = {FieldType.NUMBER: _number, FieldType.BOOLEAN: _truth, FieldType.DATE: _day}
