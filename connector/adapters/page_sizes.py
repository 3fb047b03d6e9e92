"""How large a page is asked for: the vendor's largest, and half of it each time that is too much to answer.

An account with large records may take longer for a full page than anybody waits. A page that failed by a time-out
or in the vendor's own house, after all its retries, is asked for again later, by half; after some good ones it
grows back. Kept in one process for all its connections: what another process must learn costs it one failure.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from connector.errors import RetryLater

GROWS_AFTER = 8
"""Good pages in a row, after which twice as much is asked for."""

SMALLEST = 8
"""The part of the largest page, as a divisor, below which no page is asked for: less would not help."""

_TOO_MUCH = frozenset({0, 408, 500, 502, 503, 504, 524})
"""Statuses of an answer that may have been too much work; 0 is none at all."""


@dataclass(slots=True)
class _Size:
    divisor: int = 1
    good: int = 0


class PageSizes:
    """The sizes of one vendor's pages, by connection and kind of page. May be used by several threads."""

    def __init__(self) -> None:
        """Begin with the largest everywhere."""
        self._lock = threading.Lock()
        self._smaller: dict[tuple[str, str], _Size] = {}

    @contextmanager
    def sized(self, connection_id: str, kind: str, largest: int) -> Iterator[int]:
        """Give the size to ask for; what the block raises tells whether it was too much."""
        key = (connection_id, kind)
        with self._lock:
            known = self._smaller.get(key)
            size = largest if known is None else max(1, largest // known.divisor)
        try:
            yield size
        except RetryLater as trouble:
            if trouble.fault is not None and trouble.fault.status in _TOO_MUCH:
                self._failed(key)
            raise
        self._passed(key)

    def _failed(self, key: tuple[str, str]) -> None:
        with self._lock:
            size = self._smaller.setdefault(key, _Size())
            size.divisor, size.good = min(size.divisor * 2, SMALLEST), 0

    def _passed(self, key: tuple[str, str]) -> None:
        with self._lock:
            size = self._smaller.get(key)
            if size is None:
                return
            size.good += 1
            if size.good >= GROWS_AFTER:
                size.divisor, size.good = size.divisor // 2, 0
            if size.divisor <= 1:
                del self._smaller[key]
