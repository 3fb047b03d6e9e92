"""The product's processes: a web, two workers, a beat; what dies comes back after a while."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from connector.services.context import Services
from connector.services.warm import Warm
from tests.simulator import seams
from tests.simulator.broker import Broker
from tests.simulator.clocks import LARGEST_OFFSET
from tests.simulator.kernel import Kernel, Process
from tests.simulator.storm import Boundary, Storm

SLOTS = 2
"""Messages that a worker does side by side."""


@dataclass
class Running:
    """A process with its services."""

    process: Process
    services: Services

    @cached_property
    def warm(self) -> Warm:
        """What it remembers between turns of the real-time lane."""
        return Warm(self.services)


class Processes:
    """Starts, restarts and finds processes. ``wire`` gives a new process its services."""

    def __init__(
        self, kernel: Kernel, storm: Storm, boundary: Boundary, broker: Broker, wire: Callable[[Process], Services]
    ) -> None:
        self._kernel = kernel
        self._storm = storm
        self._broker = broker
        self._wire = wire
        self._running: dict[str, Running] = {}
        self.beating = True
        """Whether the beat sends its sweeps."""
        boundary.after_crash = self._bury

    def start(self) -> None:
        """Start everything."""
        for name in ("web", "worker-1", "worker-2"):
            self._start(name)
        self._kernel.at(seams.SWEEP_SECONDS / 2, self._beat)

    def running(self, name: str) -> Running | None:
        """Return a process, unless it is dead or stands still."""
        found = self._running[name]
        return None if found.process.dead or found.process.stalled_until > self._kernel.now else found

    def _bury(self, dead: Process) -> None:
        self._kernel.at(self._storm.draw.uniform(1, 20), lambda: self._start(dead.name))

    def jump(self) -> None:
        """Set one host's clock off, within what keeps leases apart."""
        found = self._storm.draw.choice(sorted(self._running))
        offset = self._storm.draw.uniform(-LARGEST_OFFSET, LARGEST_OFFSET)
        self._kernel.say(f"the clock jumps to {offset:+.1f} s", found)
        self._running[found].process.offset = offset

    def _start(self, name: str) -> None:
        former = self._running.get(name)
        process = Process(name, former.process.offset if former else 0.0)
        self._running[name] = Running(process, self._wire(process))
        if former:
            self._kernel.say("starts again", name)
        if name != "web":
            warm = self._running[name].warm
            for slot in range(SLOTS):
                self._kernel.spawn(process, str(slot), lambda: self._work(warm))

    def _work(self, warm: Warm) -> None:
        while True:
            message = self._broker.take()
            self._kernel.say(" ".join(["does", *(part[:8] for part in message)]))
            try:
                seams.do(warm, self._broker, message)
            except Exception as error:  # noqa: BLE001 - Celery logs it and takes the next message
                self._kernel.say(f"the task fails with {type(error).__name__}: {str(error)[:120]}")

    def _beat(self) -> None:
        if self.beating:
            self._broker.send("sweep")
        self._kernel.at(seams.SWEEP_SECONDS, self._beat)
