"""What goes wrong, how often, and where: drawn anew for each seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

from connector.crashpoints import Point
from tests.simulator.kernel import Crash, Kernel, Process, Task

HIGHEST = {
    "crash": 0.015,  # a process dies at a named point, around a commit, or with a request on its way
    "slow": 0.04,  # one task waits while the others go on
    "stall": 0.01,  # a whole process stands still, its heartbeats too
    "locked": 0.04,  # the database lets nobody begin to write
    "full": 0.04,  # it can't commit
    "lost message": 0.3,
    "doubled message": 0.3,
    "lost request": 0.1,  # nothing arrives
    "lost answer": 0.12,  # the CRM has done it, and nobody is told
    "unheard write": 0.25,  # the same, of a write
    "late request": 0.12,
    "refused": 0.08,  # 429: other apps ate the budget
    "broken": 0.08,  # 5xx, and nothing was done
    "half batch": 0.3,  # 5xx, and half of it was done
    "later record": 0.1,  # one record of a batch is to be tried again
    "lost hook": 0.3,
    "doubled hook": 0.3,
    "late hook": 0.3,
    "slow job": 0.4,  # it stands in the CRM's queue, and is worked on for longer
}
"""Kind of fault → its highest chance at each opportunity. Each seed has some kinds, at chances of its own."""

MOST_CRASHES = 6
"""A seed's work must come to an end within its storm: more would only repeat the same recovery."""


DOUBTFUL = {
    Point.PARCELS_TAKEN,
    Point.WRITE_LEAVES,
    Point.WRITE_ANSWERED,
    Point.DOUBT_TAKEN,
    Point.JOB_NOTED,
    Point.HINTED_FETCHED,
    Point.HOOK_KEPT,
    Point.SCORES_STORED,
    Point.LANE_TAKEN_IN,
    Point.LANE_SCORED,
    Point.LANE_KEPT,
}
"""Rare places where most is at stake: more processes die or stand still there."""
DEADLY = 6


class Storm:
    """Whether a fault strikes here and now; never once the storm is over."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(f"storm {seed}")
        self.raging = False
        self.outage = False
        self.struck: Counter[str] = Counter()
        self.chances = {kind: self._chance(highest) for kind, highest in HIGHEST.items()}

    def _chance(self, highest: float) -> float:
        """Leave half of the kinds out: some faults show only where others do not hide them."""
        return highest * self.draw.choice((0.0, 0.0, 0.3, 1.0))

    def strikes(self, kind: str, place: str = "") -> bool:
        """Draw whether a fault of this kind happens at this opportunity; a ``place`` may have a chance of its own."""
        if not self.raging or self.draw.random() >= self.chances.get(f"{kind} at {place}", self.chances[kind]):
            return False
        self.struck[kind] += 1
        return True


class Boundary:
    """What may happen to a task where it reaches a named point or the edge of a transaction."""

    def __init__(self, kernel: Kernel, storm: Storm) -> None:
        self.kernel = kernel
        self.storm = storm
        self.seen: Counter[Point] = Counter()
        self.sheltered: set[Task] = set()
        self.heard: dict[Task, Callable[[], None]] = {}
        """Who refreshes → what tells the CRM's log that the new tokens were kept."""
        self.crashes = 0
        self.after_crash: Callable[[Process], None] = lambda _process: None

    def reached(self, point: Point) -> None:
        """The hook of ``connector.crashpoints``."""
        if self.kernel.current.process.dead:
            raise Crash
        self.seen[point] += 1
        if point is Point.REFRESH_KEPT:
            self.heard.pop(self.kernel.current, lambda: None)()
            self.unshelter()
        self.cross(point.name, DEADLY if point in DOUBTFUL else 1)

    def cross(self, place: str, weight: int = 1) -> None:
        """Die here, wait here, or let others go first; inside a transaction only the first.

        ``weight``: death and standing still are so many times as likely.
        """
        task = self.kernel.current
        free = all(task.process is not other.process for other in self.sheltered)
        if free and self.crashes < MOST_CRASHES and any(self.storm.strikes("crash", place) for _ in range(weight)):
            self.crash(place)
        if task.depth:
            return
        if self.storm.strikes("slow"):
            seconds = self.storm.draw.uniform(0.1, 12.0)
            self.kernel.say(f"waits {seconds:.1f} s at {place}")
            self.kernel.sleep(seconds)
        elif free and any(self.storm.strikes("stall", place) for _ in range(weight)):
            seconds = self.storm.draw.uniform(20.0, 90.0)
            self.kernel.say(f"the process stands still for {seconds:.0f} s at {place}")
            task.process.stalled_until = self.kernel.now + seconds
            self.kernel.sleep(0)
        else:
            self.kernel.pause()

    def crash(self, place: str) -> None:
        """End the process of the current task."""
        process = self.kernel.current.process
        self.kernel.say(f"CRASH at {place}")
        self.crashes += 1
        self.kernel.kill(process)
        self.after_crash(process)
        raise Crash

    def shelter(self) -> None:
        """Keep this process alive until it has kept its new tokens: no client survives what is lost between."""
        self.sheltered.add(self.kernel.current)

    def unshelter(self) -> None:
        """The tokens are kept, or were never given."""
        self.sheltered.discard(self.kernel.current)
