"""One budget of one account, and how tests take its places."""

from __future__ import annotations

from itertools import count

from connector.adapters.windows import Ask, Rank, Windows

KEY = "limits:{crm:1:burst}"
FULL, ALL, SECONDS = 108, 110, 10.0
NUMBERS = count()


def ask(waiter: str, *, realtime: bool = False, rank: Rank | None = None) -> Ask:
    """Ask for a place of the burst budget."""
    return Ask(
        KEY,
        waiter,
        (Rank.REALTIME if realtime else Rank.BULK) if rank is None else rank,
        FULL,
        int(FULL * 0.8),
        SECONDS,
    )


def taken(windows: Windows, wanted: Ask) -> str | None:
    """Take a place and return its name, or give the turn up where there is none."""
    if windows.take(wanted) == 0:
        return wanted.waiter
    windows.leave(wanted)
    return None


def passing(windows: Windows, *, realtime: bool = False) -> int:
    """Take and settle places until none is left; return how many there were."""
    passed = 0
    while place := taken(windows, ask(f"w{next(NUMBERS)}", realtime=realtime)):
        windows.settle(KEY, place, SECONDS)
        passed += 1
    return passed
