"""What every sandbox has, whatever vendor it stands in for."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from connector.sandbox.clock import Clock, SkewedClock, SystemClock
from connector.sandbox.config import SandboxConfig
from connector.sandbox.faults import FaultBook
from connector.sandbox.requestlog import RequestLog


@dataclass(slots=True)
class Stage:
    """A sandbox's own means: configuration, clock, faults, log, and the one lock over its data."""

    config: SandboxConfig
    clock: SkewedClock
    faults: FaultBook
    log: RequestLog
    lock: threading.RLock = field(default_factory=threading.RLock)


def build_stage(config: SandboxConfig, clock: Clock | None = None) -> Stage:
    """Return fresh means for ``config``."""
    return Stage(
        config=config,
        clock=SkewedClock(clock or SystemClock()),
        faults=FaultBook(config.faults),
        log=RequestLog(config.request_log),
    )
