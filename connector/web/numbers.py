"""Numbers in addresses and forms that stand for rows: what no database can hold is no row's."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import IntegerConverter

LARGEST = 2**63 - 1
"""The largest key of a row, on either database."""


class RowNumber(IntegerConverter):
    """``<int:…>`` in a route, up to the largest key; beyond it there is no such page."""

    def __init__(self, map: Any, *args: Any, **more: Any) -> None:  # noqa: A002 - werkzeug's name
        more.setdefault("max", LARGEST)
        super().__init__(map, *args, **more)


def row_number(text: str) -> int | None:
    """Read the number of a row; None where the text is none."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(LARGEST))):
        return None
    number = int(text)
    return number if number <= LARGEST else None
