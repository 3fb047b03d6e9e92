"""Misbehaviour on order: what a sandbox does wrong, where, and how often."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class FaultKind(StrEnum):
    """What goes wrong with a request."""

    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    HTML_ERROR = "html_error"
    EMPTY_ERROR = "empty_error"
    SLOW = "slow"
    DROP = "drop"
    HALF_BATCH = "half_batch"
    TRUNCATED = "truncated"
    LOCKED = "locked"
    TRIGGER = "trigger"
    CLOCK_SKEW = "clock_skew"


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour.

    It strikes requests whose path contains ``path`` (empty: all) and whose method is
    ``method`` (empty: any), the first ``skip`` of them excepted, with ``probability``, at most ``times``
    times (None: for ever). ``status`` is that of error faults; ``seconds`` the delay of
    ``slow`` or the offset of ``clock_skew``. ``trigger`` is the account's own code that fails at a write: on
    more than ``rows`` records at a time (0: on any number), and on those of them that ``record`` is among.
    """

    kind: FaultKind
    path: str = ""
    method: str = ""
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    status: int = 503
    seconds: float = 0.0
    rows: int = 0
    record: str = ""

    def __post_init__(self) -> None:
        """Refuse values that could never strike."""
        if not 0.0 < self.probability <= 1.0:
            raise ValueError(f"A fault's probability lies in (0, 1], not {self.probability}.")
        if self.times is not None and self.times < 1:
            raise ValueError(f"A fault strikes at least once, not {self.times} times.")

    def aims_at(self, method: str, path: str) -> bool:
        """Tell whether a request is one that this fault strikes."""
        return self.path in path and self.method in ("", method)


class FaultBook:
    """The faults in force. Thread-safe; seeded, so that a run can be repeated."""

    def __init__(self, faults: Sequence[Fault] = (), seed: int = 1) -> None:
        self._faults = list(faults)
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def replace_all(self, faults: Sequence[Fault]) -> None:
        """Put these faults in force instead of the present ones."""
        with self._lock:
            self._faults = list(faults)

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the first fault that strikes this request, and count it down."""
        with self._lock:
            for position, fault in enumerate(self._faults):
                if fault.aims_at(method, path) and self._takes(position, fault):
                    return fault
        return None

    def _takes(self, position: int, fault: Fault) -> bool:
        if fault.skip:
            self._faults[position] = replace(fault, skip=fault.skip - 1)
            return False
        if self._random.random() >= fault.probability:
            return False
        if fault.times == 1:
            del self._faults[position]
        elif fault.times is not None:
            self._faults[position] = replace(fault, times=fault.times - 1)
        return True
