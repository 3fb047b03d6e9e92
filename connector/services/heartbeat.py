"""Something done again and again in the background while the rest waits for a vendor or computes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def heartbeat(name: str, seconds: float, beat: Callable[[], bool]) -> Iterator[None]:
    """Call ``beat`` every so many ``seconds`` until the block ends, or until it returns False.

    After the block no beat is under way. The thread itself is not waited for: to see it end cost a single lead 4 ms.
    """
    stop, beating = threading.Event(), threading.Lock()

    def go_on() -> None:
        going = True
        while going and not stop.wait(seconds):
            with beating:
                going = not stop.is_set() and beat()

    threading.Thread(target=go_on, name=name, daemon=True).start()
    try:
        yield
    finally:
        stop.set()
        with beating:
            pass
