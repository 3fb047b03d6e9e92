"""Which processes of a family are still at work."""

from __future__ import annotations

import time
from collections.abc import Sequence

import psutil

_PATIENCE_SECONDS = 20.0


def _works(process: psutil.Process) -> bool:
    try:
        # Ended, but not yet read by the machine's first process: as good as gone.
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def still_working(family: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Return who is left once all had their time to end."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (left := [process for process in family if _works(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
