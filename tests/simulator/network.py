"""The way to a CRM and back: requests and answers get lost or late, and what has arrived is done."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from connector.errors import RetryLater
from tests.simulator.kernel import Kernel
from tests.simulator.storm import Boundary, Storm

T = TypeVar("T")

TIMEOUT = 15.0
"""Seconds after which a client gives a request up. Shorter than a lease: who took over then finds it landed."""


@dataclass
class _Answer(Generic[T]):
    value: T | None = None
    error: Exception | None = None


class Network:
    """Carries requests. What arrives at a CRM happens there even if the sender has died meanwhile."""

    def __init__(self, kernel: Kernel, storm: Storm, boundary: Boundary, seed: int) -> None:
        self._kernel = kernel
        self._storm = storm
        self._boundary = boundary
        self._draw = random.Random(f"network {seed}")

    def call(self, what: str, serve: Callable[[], T], *, safe: bool = False) -> T:
        """Send a request and wait for its answer; ``safe``: once it has arrived, the answer does, too."""
        out, back = self._draw.uniform(0.02, 0.3), self._draw.uniform(0.02, 0.3)
        if self._storm.strikes("late request"):
            out = self._storm.draw.uniform(1.0, TIMEOUT - 1.0)
        if self._storm.strikes("lost request"):
            return self._lost(f"{what}: the request is lost")
        answer: _Answer[T] = _Answer()
        self._kernel.at(out, lambda: self._arrive(answer, serve))
        unheard = "unheard write" if what.endswith("write") else "lost answer"
        if not safe and self._storm.strikes(unheard):
            return self._lost(f"{what}: the answer is lost")
        self._kernel.sleep(out + back)
        self._boundary.cross(f"an answer to {what}")
        if answer.error is not None:
            raise answer.error
        return answer.value  # type: ignore[return-value]

    def _lost(self, text: str) -> T:
        self._kernel.say(text)
        self._kernel.sleep(TIMEOUT)
        raise RetryLater("The CRM did not answer in time.", after_seconds=1.0)

    @staticmethod
    def _arrive(answer: _Answer[T], serve: Callable[[], T]) -> None:
        try:
            answer.value = serve()
        except Exception as error:  # noqa: BLE001 - the answer travels back, whatever it is
            answer.error = error
