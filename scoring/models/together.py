"""Independent fits side by side: each has one thread and its own seed, so that none depends on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

MOST = 2
"""As many at once as memory for their designs is planned for (docs/operations.md)."""


def together(fits: Sequence[Callable[[], T]]) -> list[T]:
    """Return what the fits make, in their order; the first error of one is raised."""
    if len(fits) <= 1:
        return [fit() for fit in fits]
    with ThreadPoolExecutor(MOST, thread_name_prefix="fit") as pool:
        return [fit.result() for fit in [pool.submit(fit) for fit in fits]]
