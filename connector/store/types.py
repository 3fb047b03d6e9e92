"""Column types that behave alike on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, DateTime, Integer, LargeBinary, Numeric, String
from sqlalchemy.engine import Dialect
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

BigId = BigInteger().with_variant(Integer(), "sqlite")
"""An integer key; SQLite numbers rows by itself only where the type is exactly INTEGER."""


class UtcTime(TypeDecorator[datetime]):
    """A timezone-aware UTC time.

    PostgreSQL has ``timestamptz``. SQLite has no time type: whole microseconds since
    1970 sort, compare and travel to frames without parsing text.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column type of the database at hand."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(DateTime(timezone=True))

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any]:
        """Refuse naive times; store microseconds on SQLite. One call for each value: pages hold thousands."""
        return _microseconds if dialect.name == "sqlite" else _in_utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return aware UTC times whatever the database gave."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _EPOCH + timedelta(microseconds=int(value))


def microseconds(value: datetime) -> int:
    """Return whole microseconds since 1970, exactly (no float on the way)."""
    return (value - _EPOCH) // _MICROSECOND


def _microseconds(value: datetime | None) -> int | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("times must be timezone-aware")
    return (value - _EPOCH) // _MICROSECOND


def _in_utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError("times must be timezone-aware")
    return value.astimezone(UTC)


AnyRow = sa.Row[*tuple[Any, ...]]
"""A row of a query, its columns read by name."""

Json = JSON
Text = String
Binary = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Text that is compared byte by byte, so that an index finds what begins with something."""
Blob = LargeBinary
Money = Numeric(20, 4)
