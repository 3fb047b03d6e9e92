"""Parquet files that somebody brings. What a few bytes unpack to has no end, so a file is asked for its schema first;
only the columns that are wanted are unpacked, in a process of their own with an end to its memory."""

from __future__ import annotations

import io
from collections.abc import Sequence

import polars as pl

from connector.errors import RejectedInput
from connector.services import children

MOST_BYTES = 64 * 1024 * 1024
"""Of the columns that are wanted, unpacked."""

_MEMORY = 512 * 1024 * 1024
"""What unpacking may take: polars needs several times what it returns."""

_PIECE = 10_000
"""Lines that are handed over at once: packing all as one takes twice the memory."""

# A bent file makes polars panic, which is no Exception.
_UNREADABLE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)
_BROKEN = "The file can't be read as Parquet."
_TOO_MUCH = f"The file unpacks to more than {MOST_BYTES // 1024**2} MB. Part it into several; nothing was taken."


def schema(content: bytes) -> dict[str, pl.DataType]:
    """Return a file's columns with their types, of its footer alone; raises ``RejectedInput`` where it has none."""
    try:
        return pl.read_parquet_schema(io.BytesIO(content))
    except _UNREADABLE:
        raise RejectedInput(_BROKEN) from None


def count(content: bytes) -> int:
    """Return how many lines a file says that it has; raises ``RejectedInput`` where it can't be read."""
    try:
        return int(pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item())
    except _UNREADABLE:
        raise RejectedInput(_BROKEN) from None


def unpack(content: bytes, columns: Sequence[str], most_values: int) -> list[pl.DataFrame]:
    """Return the lines of a file as far as ``columns`` go, in pieces.

    Raises ``RejectedInput`` for objects, for lists of anything but single values, and where the columns unpack to more
    than ``MOST_BYTES`` or hold more than ``most_values`` values, those of lists counted singly.
    """
    types = schema(content)
    for name in columns:
        found = types[name]
        if found.is_nested() and not (isinstance(found, pl.List) and not _inner(found).is_nested()):
            raise RejectedInput(f"'{name}' holds objects or lists of lists where values or lists of them are wanted.")
    try:
        pieces: list[pl.DataFrame] = children.in_bounds(_MEMORY, _read, content, list(columns), most_values)
    except MemoryError:
        raise RejectedInput(_TOO_MUCH) from None
    return pieces


def _inner(found: pl.List) -> pl.DataType:
    inner = found.inner
    return inner if isinstance(inner, pl.DataType) else inner()


def _read(content: bytes, columns: list[str], most_values: int) -> list[pl.DataFrame]:
    # A category is a number beside its text, however long and often the text is said: as texts they count in full.
    plain = pl.col(pl.Categorical, pl.Enum).cast(pl.String)
    try:
        frame = pl.scan_parquet(io.BytesIO(content)).select(columns).with_columns(plain).collect()
    except _UNREADABLE:
        raise RejectedInput(_BROKEN) from None
    if frame.estimated_size() > MOST_BYTES:
        raise RejectedInput(_TOO_MUCH)
    lists = frame.select(pl.col(pl.List).list.len().sum())
    values = sum(lists.row(0)) if lists.width else 0
    if values > most_values:
        raise RejectedInput(f"The file's lists have {values:,} values; {most_values:,} are allowed.")
    return list(frame.iter_slices(_PIECE))
