"""The lines of an uploaded CSV file, each with where it begins, so that a bad one is told and the rest is kept."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any


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
