"""Every request that a sandbox answered, with its time: the evidence for limits and counts."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson

KEPT = 500_000


@dataclass(frozen=True, slots=True)
class LoggedRequest:
    """One request. ``at`` is epoch seconds, ``monotonic`` the limiter's seconds.

    ``limit_bucket`` is the budget that it counted against (None: it counts against none).
    """

    at: float
    monotonic: float
    method: str
    path: str
    status: int
    account: int | str | None
    app_token_kind: str | None
    limit_bucket: str | None


class RequestLog:
    """A bounded log in memory, and optionally a file of JSON lines."""

    def __init__(self, file: Path | None = None) -> None:
        self._entries: deque[LoggedRequest] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._file = file.open("ab") if file else None
        self._records_written = 0
        self._open: Counter[int | str] = Counter()
        self._max_at_once = 0

    def begin(self, account: int | str) -> int:
        """Count a request of an account as open; return how many are, this one included."""
        with self._lock:
            self._open[account] += 1
            self._max_at_once = max(self._max_at_once, self._open[account])
            return self._open[account]

    def end(self, account: int | str) -> None:
        """Count a begun request as answered."""
        with self._lock:
            self._open[account] -= 1

    def add(self, entry: LoggedRequest) -> None:
        """Keep one request."""
        with self._lock:
            self._entries.append(entry)
            if self._file:
                self._file.write(orjson.dumps(asdict(entry)) + b"\n")
                self._file.flush()

    def wrote(self, records: int) -> None:
        """Count records that a batch request changed or made."""
        with self._lock:
            self._records_written += records

    def entries(self) -> list[LoggedRequest]:
        """Return the kept requests, oldest first."""
        with self._lock:
            return list(self._entries)

    def clear(self) -> None:
        """Forget the requests kept in memory."""
        with self._lock:
            self._entries.clear()
            self._records_written = 0
            self._max_at_once = 0

    def close(self) -> None:
        """Close the file, if any."""
        if self._file:
            self._file.close()

    def summary(self) -> dict[str, Any]:
        """Return counts, records written in batches, 429s, first and last time, and the fullest windows.

        ``max_at_once``: the most requests of one account open at one time, refused ones included,
        where the vendor limits that.
        """
        entries = self.entries()
        return {
            "total": len(entries),
            "by_path": _by_path(entries),
            "by_status": dict(Counter(str(entry.status) for entry in entries)),
            "records_written": self._records_written,
            "rate_limited": sum(entry.status == 429 for entry in entries),
            "first_at": entries[0].at if entries else None,
            "last_at": entries[-1].at if entries else None,
            "max_at_once": self._max_at_once,
            "max_in_10_seconds": _fullest(entries, "burst", 10.0),
            "max_search_in_1_second": _fullest(entries, "search", 1.0),
            "max_associations_in_10_seconds": _fullest(entries, "associations", 10.0),
        }


def _by_path(entries: list[LoggedRequest]) -> list[dict[str, Any]]:
    counts = Counter((entry.method, entry.path, entry.status) for entry in entries)
    return [
        {"method": method, "path": path, "status": status, "count": count}
        for (method, path, status), count in sorted(counts.items())
    ]


def _fullest(entries: list[LoggedRequest], bucket: str, seconds: float) -> int:
    """Return the most requests of one account's ``bucket`` in any window of ``seconds``, refused ones included."""
    windows: dict[int | str | None, deque[float]] = {}
    most = 0
    for entry in sorted(entries, key=lambda each: each.monotonic):
        if entry.limit_bucket != bucket:
            continue
        window = windows.setdefault(entry.account, deque())
        window.append(entry.monotonic)
        while window[0] <= entry.monotonic - seconds:
            window.popleft()
        most = max(most, len(window))
    return most
