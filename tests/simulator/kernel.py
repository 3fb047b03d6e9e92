"""One task at a time, on a virtual clock: who goes next is drawn, so a seed repeats to the last step.

Tasks are threads that hand a baton to each other wherever they wait or pause; between two such places
nobody else runs. A process is a group of tasks that die together. Time moves only when nobody can run.
"""

from __future__ import annotations

import heapq
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, ClassVar


class Crash(BaseException):
    """The process of this task is dead: unwind, and touch nothing."""


class Stuck(BaseException):
    """A task was still at work when its world ended."""


@dataclass(eq=False)
class Process:
    """A host with one program: its clock is off by ``offset`` seconds, its tasks end together."""

    name: str
    offset: float = 0.0
    dead: bool = False
    stalled_until: float = 0.0
    tasks: list[Task] = field(default_factory=list)


class Carrier:
    """A thread that carries one task after another: starting a thread costs more than a step."""

    idle: ClassVar[list[Carrier]] = []

    def __init__(self) -> None:
        self.go = threading.Lock()
        self.go.acquire()
        self.task: Task | None = None
        threading.Thread(target=self._carry, name="simulated", daemon=True).start()

    @classmethod
    def spare(cls) -> Carrier:
        return cls.idle.pop() if cls.idle else cls()

    def _carry(self) -> None:
        while True:
            self.go.acquire()
            task = self.task
            assert task is not None
            task.perform()
            self.task = None
            self.idle.append(self)
            task.kernel.leave(task)


@dataclass(eq=False)
class Task:
    """Something under way in a process. ``error`` is what ended it, if not its own end."""

    kernel: Kernel
    process: Process
    name: str
    body: Callable[[], Any]
    go: threading.Lock
    done: bool = False
    result: Any = None
    error: BaseException | None = None
    waits: int = 0
    depth: int = 0
    waiters: list[Task] = field(default_factory=list)

    def perform(self) -> None:
        try:
            if not self.process.dead:
                self.result = self.body()
        except BaseException as error:  # noqa: BLE001 - whoever waits for the task is told
            self.error = error
        self.done = True

    def __str__(self) -> str:
        return f"{self.process.name}/{self.name}" if self.name else self.process.name


class Kernel:
    """The clock, the tasks, and the draw. ``now`` is seconds since the world began."""

    def __init__(self, seed: int) -> None:
        self.now = 0.0
        self.steps = 0
        self.draw = random.Random(f"order {seed}")
        self.trace: list[tuple[float, str, str]] = []
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._ready: list[Task] = []
        self._until = 0.0
        self._live: set[Task] = set()
        self.ended = False
        self._main = Task(self, Process("world"), "", lambda: None, threading.Lock())
        self._main.go.acquire()
        self.current = self._main

    def say(self, text: str, who: str | None = None) -> None:
        """Add a line to the trace."""
        self.trace.append((self.now, who or str(self.current), text))

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something that nobody waits for, ``seconds`` from now."""
        heapq.heappush(self._timers, (self.now + seconds, next(self._numbers), action))

    def spawn(self, process: Process, name: str, body: Callable[[], Any]) -> Task:
        """Begin a task; it runs when it is drawn."""
        carrier = Carrier.spare()
        task = carrier.task = Task(self, process, name, body, carrier.go)
        process.tasks.append(task)
        self._live.add(task)
        self._ready.append(task)
        return task

    def run(self, seconds: float) -> None:
        """Let the world go on for ``seconds``."""
        assert self.current is self._main
        self._until = self.now + seconds
        self._switch()

    def pause(self) -> None:
        """Let others go first, perhaps."""
        if self._ready:
            self._ready.append(self.current)
            self._switch()
        self._alive()

    def sleep(self, seconds: float) -> None:
        """Wait on the virtual clock."""
        me = self.current
        mark = me.waits
        self.at(max(seconds, 0.0), lambda: self._wake(me, mark))
        self._switch()

    def join(self, task: Task) -> Any:
        """Wait for a task; return what it returned, raise what it raised."""
        self.await_end(task)
        if task.error is not None:
            raise task.error
        return task.result

    def await_end(self, task: Task) -> None:
        """Wait until a task is over, however it ends."""
        if not task.done:
            task.waiters.append(self.current)
            self._switch()

    def park(self) -> None:
        """Wait until somebody wakes this task."""
        self._switch()

    def wake(self, task: Task) -> None:
        """Let a parked task go on."""
        self._wake(task, task.waits)

    def kill(self, process: Process) -> None:
        """End a process: each of its tasks unwinds without effect."""
        process.dead = True
        self._rouse(process.tasks)

    def close(self) -> None:
        """End the world; whoever is still at work is unwound."""
        self.ended = True
        self._timers.clear()
        self._until = self.now
        # Sets have an order of their own in each process; nobody looks at the order any more.
        self._rouse(list(self._live))
        self._switch()

    def _rouse(self, tasks: list[Task]) -> None:
        for task in tasks:
            if not task.done and task is not self.current and task not in self._ready:
                task.waits += 1
                self._ready.append(task)

    def leave(self, task: Task) -> None:
        """Hand the baton on at a task's end."""
        task.process.tasks.remove(task)
        self._live.discard(task)
        for waiter in task.waiters:
            self._wake(waiter, waiter.waits)
        following = self._pick()
        self.current = following
        following.go.release()

    def _wake(self, task: Task, mark: int) -> None:
        if task.waits == mark and not task.done and task not in self._ready:
            self._ready.append(task)

    def _switch(self) -> None:
        me = self.current
        following = self._pick()
        if following is not me:
            self.current = following
            following.go.release()
            me.go.acquire()
        me.waits += 1
        self._alive()

    def _alive(self) -> None:
        if self.current.process.dead:
            raise Crash
        if self.ended and self.current is not self._main:
            raise Stuck

    def _pick(self) -> Task:
        while True:
            if self._ready:
                return self._drawn()
            if not self._timers or self._timers[0][0] > self._until:
                self.now = max(self.now, self._until)
                return self._main
            at, _, action = heapq.heappop(self._timers)
            self.now = max(self.now, at)
            action()

    def _drawn(self) -> Task:
        self.steps += 1
        place = self.draw.randrange(len(self._ready)) if len(self._ready) > 1 else 0
        task = self._ready.pop(place)
        stalled = task.process.stalled_until
        if stalled > self.now and not (task.process.dead or self.ended):
            mark = task.waits
            self.at(stalled - self.now, lambda: self._wake(task, mark))
            return self._pick()
        return task
