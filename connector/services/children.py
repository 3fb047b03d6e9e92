"""Run a pure, heavy function in a child process.

Training holds the interpreter for seconds and a model library's threads do not like
company; a child keeps the lease's heartbeat and the other stages alive.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Any

from connector.errors import Stopping

_LOOK_SECONDS = 0.25


def _die_with_parent(unwanted: Event) -> None:
    """End this child when its parent is killed or gives up: nobody is left to take the result."""
    os.environ["OMP_NUM_THREADS"] = "1"
    threading.Thread(target=_end_when, args=(unwanted,), daemon=True).start()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _end_when(unwanted: Event) -> None:
    unwanted.wait()
    os._exit(1)


def until(stopping: Callable[[], bool]) -> Callable[..., Any]:
    """Return what runs ``function(*arguments)`` in a fresh process and gives up once ``stopping`` says so.

    It returns what the function returns, raises what it raises, and ``Stopping`` where it gave up.
    """

    def isolated(function: Callable[..., Any], *arguments: Any) -> Any:
        spawn = multiprocessing.get_context("spawn")
        unwanted = spawn.Event()
        with ProcessPoolExecutor(1, mp_context=spawn, initializer=_die_with_parent, initargs=(unwanted,)) as pool:
            future = pool.submit(function, *arguments)
            while not wait([future], _LOOK_SECONDS).done:
                if stopping():
                    unwanted.set()
                    raise Stopping("This worker is being stopped; another one begins the computation again.")
            return future.result()

    return isolated


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``function(*arguments)`` returns in a fresh process; raise what it raises."""
    return until(lambda: False)(function, *arguments)


def in_bounds(memory: int, function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``function(*arguments)`` returns in a fresh process that may take ``memory`` bytes.

    For what strangers wrote, of which nobody knows how large it becomes. Raises what the function raises, and
    ``MemoryError`` where the process ended before its answer.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_bound, initargs=(memory,)) as pool:
        try:
            return pool.submit(function, *arguments).result()
        except BrokenProcessPool:
            raise MemoryError from None


def _bound(memory: int) -> None:
    # Each thread's stack counts as memory, and libraries begin one a core.
    os.environ |= {"OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"}
    resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))


def in_place(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run in this very thread, for processes that do nothing else (a training worker of its own)."""
    return function(*arguments)
