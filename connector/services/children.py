"""Run a pure, heavy function in a child process.

Training holds the interpreter for seconds and a model library's threads do not like
company; a child keeps the lease's heartbeat and the other stages alive.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.process import BaseProcess
from typing import Any


def _die_with_parent() -> None:
    """End this child when its parent is killed: nobody is left to take the result."""
    os.environ["OMP_NUM_THREADS"] = "1"
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_outlive, args=(parent,), daemon=True).start()


def _outlive(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def in_child(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return what ``function(*arguments)`` returns in a fresh process; raise what it raises."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_die_with_parent) as pool:
        return pool.submit(function, *arguments).result()


def in_place(function: Callable[..., Any], *arguments: Any) -> Any:
    """Run in this very thread, for processes that do nothing else (a training worker of its own)."""
    return function(*arguments)
