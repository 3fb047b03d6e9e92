"""A lease that is renewed in the background while its holder computes or waits for a vendor."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from connector.errors import LostLease


@contextmanager
def beating(renew: Callable[[], None], seconds: float, name: str) -> Iterator[None]:
    """Call ``renew`` three times a lease of ``seconds`` until the block ends; ``name`` is the thread's.

    A lease that is lost is not told here: the holder learns it from its own next transaction, which can't commit.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(renew, seconds / 3, stop), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(renew: Callable[[], None], pause: float, stop: threading.Event) -> None:
    while not stop.wait(pause):
        try:
            renew()
        except LostLease:
            return
