"""A query as read. ``at`` is where a thing stands in the text, for messages."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from connector.sandbox.salesforce.errors import ApiError, failure


@dataclass(frozen=True, slots=True)
class Span:
    """Whole days in the user's zone: from ``first`` up to and without ``end``; ``YYYY-MM-DD`` and milliseconds."""

    first: str
    end: str
    first_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Literal:
    """A value. ``kind``: string, number, boolean, null, datetime (milliseconds), date or span."""

    kind: str
    value: str | Decimal | bool | int | Span | None
    at: int


@dataclass(frozen=True, slots=True)
class Path:
    """A field, or one of a related record: ``("Owner", "Name")``."""

    names: tuple[str, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Count:
    """``COUNT(field)`` or ``COUNT()``, with the name of its column in the answer."""

    path: Path | None
    alias: str


@dataclass(frozen=True, slots=True)
class Everything:
    """``FIELDS(ALL)``, ``FIELDS(STANDARD)`` or ``FIELDS(CUSTOM)``."""

    which: str
    at: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field and one value, or several after IN. ``operator``: =, !=, <, <=, >, >=, like, in, not in."""

    path: Path
    operator: str
    literals: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of several conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of several conditions."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """NOT."""

    part: Condition


Condition = Comparison | Both | Either | Opposite


@dataclass(frozen=True, slots=True)
class Ordering:
    """One field of ORDER BY."""

    path: Path
    descending: bool
    nulls_last: bool


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query."""

    text: str
    fields: tuple[Path | Count | Everything, ...]
    object_name: str
    object_at: int
    where: Condition | None
    order: tuple[Ordering, ...]
    limit: int | None
    offset: int


def wrong(text: str, at: int, code: str, message: str) -> ApiError:
    """Return a query's refusal in Salesforce's form, which points at the place."""
    line = text[max(0, at - 60) : at + 30].replace("\n", " ")
    pointer = " " * min(at, 60) + "^"
    return failure(400, code, f"\n{line}\n{pointer}\nERROR at Row:1:Column:{at + 1}\n{message}")


def malformed(text: str, at: int, message: str) -> ApiError:
    """Return the refusal of what is no query."""
    return wrong(text, at, "MALFORMED_QUERY", message)
