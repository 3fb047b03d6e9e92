"""The lines of CSV files: of uploaded ones each with where it begins, so that a bad one is told and the rest is kept;
of ours with cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any

_RISKY = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


def filled_lines(reader: Any) -> Iterator[tuple[int, list[str] | csv.Error]]:
    """Give each filled line of a ``csv.reader`` with the number where it begins (a quoted cell may hold several).

    A line that can't be read comes as its error, and reading goes on behind it.
    """
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, error
            continue
        if any(cell.strip() for cell in cells):
            yield number, cells


def harmless(value: Any) -> Any:
    """Return what is written for a value: nothing for None, times in ISO 8601, a text that is no formula."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value.isoformat() if hasattr(value, "isoformat") else value
    return f"'{value}" if value.startswith(_RISKY) else value
