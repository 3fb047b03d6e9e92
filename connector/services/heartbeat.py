"""Something done again and again in the background while the rest waits for a vendor or computes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def heartbeat(name: str, seconds: float, beat: Callable[[], bool]) -> Iterator[None]:
    """Call ``beat`` every so many ``seconds`` until the block ends, or until it returns False."""
    stop = threading.Event()

    def go_on() -> None:
        while not stop.wait(seconds) and beat():
            pass

    thread = threading.Thread(target=go_on, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
