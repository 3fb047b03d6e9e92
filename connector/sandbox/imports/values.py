"""From cells to values: times, types, names and made-up addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from connector.sandbox.clock import iso, to_ms
from connector.sandbox.population.model import FieldSpec

NUMBER = re.compile(r"-?\d+(\.\d+)?")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MAX_OPTIONS = 1_000
LONG_TEXT = 80
FEW = 50
"""In more rows than these, a text that never comes twice is a name and not a category."""
EARLIEST, LATEST = 1970, 2100
BOOLEANS = {"true": "true", "false": "false", "yes": "true", "no": "false", "1": "true", "0": "false"}


def parse_time(text: str, date_format: str = "") -> int | None:
    """Return a date or time as epoch milliseconds (no zone: UTC); None if it is not one."""
    try:
        moment = datetime.strptime(text, date_format) if date_format else datetime.fromisoformat(text)  # noqa: DTZ007
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return to_ms(aware) if EARLIEST <= aware.year < LATEST else None
    except (ValueError, OverflowError):
        return None


def property_name(column: str) -> str:
    """Return a column's name as a property's: lowercase letters, digits and underscores."""
    name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")[:90]
    return name if name[:1].isalpha() else f"field_{name}".rstrip("_")


def told_type(values: Iterable[str]) -> str:
    """Return the type that all of ``values`` have: number, date, datetime, enumeration or else string."""
    texts = list(values)
    distinct = set(texts)
    if not distinct:
        return "string"
    if all(NUMBER.fullmatch(value) for value in distinct):
        return "number"
    if all(parse_time(value) is not None for value in distinct):
        return "date" if all(DAY.fullmatch(value) for value in distinct) else "datetime"
    plain = all(len(value) <= LONG_TEXT and ";" not in value for value in distinct)
    names_each = len(texts) > FEW and len(distinct) == len(texts)
    return "enumeration" if plain and len(distinct) <= MAX_OPTIONS and not names_each else "string"


def as_type(text: str, kind: str, date_format: str = "") -> str | None:
    """Return a cell as a property of ``kind`` holds it; None if it is not of that kind."""
    if kind == "number":
        return text if NUMBER.fullmatch(text) else None
    if kind == "bool":
        return BOOLEANS.get(text.lower())
    if kind in ("date", "datetime"):
        at = parse_time(text, date_format)
        if at is None:
            return None
        return iso(at)[:10] if kind == "date" else iso(at)
    return text


def declared(name: str, label: str, kind: str, values: Iterable[str], of: str) -> FieldSpec:
    """Return a field's declaration; an enumeration's options are the values that occur, in order."""
    options = tuple(sorted(set(values))) if kind == "enumeration" else ()
    return FieldSpec(name, label, kind, options, of=of)


def made_up_address(place: int) -> str:
    """Return an address under a reserved domain for the lead at ``place`` (from 0)."""
    return f"lead-{place + 1}@example.{('com', 'org', 'net')[place % 3]}"


def cell(cells: Mapping[str, str], column: str, missing: frozenset[str]) -> str:
    """Return a cell's text; empty where the column is not mapped or the text means "no value"."""
    text = cells.get(column, "").strip() if column else ""
    return "" if text in missing else text
