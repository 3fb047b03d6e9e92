"""Reading a field's text as a number, a date or a truth value; what cannot be read is null.

``…_of`` read what :func:`text` made already. Whatever stands twice in an expression is computed twice, which a lead
that is scored alone waits for.
"""

from __future__ import annotations

from datetime import time

import polars as pl

from scoring.schema import UTC_TIME

TRUE_WORDS = ("true", "yes", "y", "1")
FALSE_WORDS = ("false", "no", "n", "0")


def text(column: pl.Expr) -> pl.Expr:
    """Trimmed text; blank is null."""
    stripped = column.str.strip_chars()
    return pl.when(stripped != "").then(stripped)


def number(column: pl.Expr) -> pl.Expr:
    """A finite float."""
    return number_of(text(column))


def number_of(plain: pl.Expr) -> pl.Expr:
    """A finite float of trimmed text."""
    parsed = plain.cast(pl.Float64, strict=False)
    return pl.when(parsed.is_finite()).then(parsed)


def truth(column: pl.Expr) -> pl.Expr:
    """1.0, 0.0 or null."""
    return truth_of(text(column))


def truth_of(plain: pl.Expr) -> pl.Expr:
    """1.0, 0.0 or null, of trimmed text."""
    word = plain.str.to_lowercase()
    return pl.when(word.is_in(TRUE_WORDS)).then(1.0).when(word.is_in(FALSE_WORDS)).then(0.0)


def moment(column: pl.Expr) -> pl.Expr:
    """A UTC time from an ISO 8601 date or time, or from milliseconds since 1970 (12 or 13 digits)."""
    return moment_of(text(column))


def moment_of(plain: pl.Expr) -> pl.Expr:
    """The same of trimmed text."""
    is_epoch = plain.str.contains(r"^\d{12,13}$")
    epoch = pl.when(is_epoch).then(plain).cast(pl.Int64, strict=False) * 1000
    day = plain.str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False).cast(pl.Datetime("us"))
    clock = plain.str.slice(11, 8).str.to_time("%H:%M:%S", strict=False).fill_null(time(0))
    exact = day.dt.combine(clock).dt.replace_time_zone("UTC")
    return pl.when(is_epoch).then(epoch.cast(UTC_TIME)).otherwise(exact)
