"""Answers of queries of which not all was fetched yet.

Source: help 000384958 and SOAP guide "QueryLocator": a locator lives two days, ten are open at one time.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.sandbox.salesforce.soql.run import Answer

OPEN_CURSORS = 10
CURSOR_SECONDS = 2 * 86_400.0


@dataclass(slots=True)
class Cursor:
    """An answer of which not all was fetched yet."""

    answer: Answer
    size: int
    begun_at: float


class Cursors:
    """The open cursors of the connected user; the oldest gives way."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Cursor] = OrderedDict()

    def keep(self, cursor: Cursor) -> str:
        """Keep a cursor and return its name."""
        name = f"01g{secrets.token_hex(7)}A"
        self._open[name] = cursor
        while len(self._open) > OPEN_CURSORS:
            self._open.popitem(last=False)
        return name

    def find(self, name: str, now: float) -> Cursor | None:
        """Return an open cursor; None: it is not known, or it is too old."""
        cursor = self._open.get(name)
        return cursor if cursor is not None and now - cursor.begun_at <= CURSOR_SECONDS else None
