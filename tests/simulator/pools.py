"""A stand-in for thread pools: what is submitted becomes a task of the same process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

from tests.simulator.kernel import Kernel, Process, Task

LONG_SECONDS = 3_600.0


class SimulatedFuture:
    """What a submitted call will return."""

    def __init__(self, kernel: Kernel, task: Task) -> None:
        self._kernel = kernel
        self.task = task

    def result(self) -> Any:
        """Wait for the call; return what it returned, raise what it raised."""
        return self._kernel.join(self.task)


class SimulatedPool:
    """``ThreadPoolExecutor`` as far as the services use it; waits at the end of the block, unless its process died."""

    def __init__(self, kernel: Kernel, size: int, name: str) -> None:
        self._kernel = kernel
        self._size = size
        self._name = name
        self._process: Process = kernel.current.process
        self._tasks: list[Task] = []

    def submit(self, function: Callable[..., Any], *arguments: Any) -> SimulatedFuture:
        """Begin a call as soon as one of the pool's places is free."""
        number = len(self._tasks)
        before = self._tasks[number - self._size] if number >= self._size else None

        def body() -> Any:
            # Places are taken in order: call n waits for call n - size, which is no later than a real pool's.
            if before is not None:
                self._kernel.await_end(before)
            return function(*arguments)

        name = f"{self._kernel.current.name}.{self._name}" if self._name else self._kernel.current.name
        task = self._kernel.spawn(self._process, name, body)
        self._tasks.append(task)
        return SimulatedFuture(self._kernel, task)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for task in self._tasks:
            if self._process.dead or self._kernel.ended:
                return
            self._kernel.await_end(task)


class SimulatedEvent:
    """``threading.Event`` on the virtual clock."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._set = False
        self._waiting: list[Task] = []

    def set(self) -> None:
        """Let everyone who waits go on."""
        self._set = True
        for task in self._waiting:
            self._kernel.wake(task)

    def is_set(self) -> bool:
        """Tell whether it was set."""
        return self._set

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds``; tell whether it was set."""
        if not self._set:
            self._waiting.append(self._kernel.current)
            self._kernel.sleep(seconds)
        return self._set


class SimulatedThread:
    """``threading.Thread`` as a task of the process that starts it."""

    def __init__(self, kernel: Kernel, body: Callable[[], None], name: str) -> None:
        self._kernel = kernel
        self._body = body
        self._name = name

    def start(self) -> None:
        """Begin."""
        self._kernel.spawn(self._kernel.current.process, self._name, self._body)


class SimulatedLock:
    """``threading.Lock`` among the tasks of a process; the dead wait for nobody."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._held = False
        self._waiting: list[Task] = []

    def __enter__(self) -> None:
        while self._held and not (self._kernel.current.process.dead or self._kernel.ended):
            self._waiting.append(self._kernel.current)
            self._kernel.sleep(LONG_SECONDS)
        self._held = True

    def __exit__(self, *_: object) -> None:
        self._held = False
        waiting, self._waiting = self._waiting, []
        for task in waiting:
            self._kernel.wake(task)


class SimulatedThreading:
    """The ``threading`` module as far as heartbeats use it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def Event(self) -> SimulatedEvent:  # noqa: N802 - the module's own name
        """Return an event."""
        return SimulatedEvent(self._kernel)

    def Lock(self) -> SimulatedLock:  # noqa: N802 - the module's own name
        """Return a lock that nobody holds."""
        return SimulatedLock(self._kernel)

    def Thread(  # noqa: N802 - the module's own name
        self, *, target: Callable[[], None], name: str, daemon: bool
    ) -> SimulatedThread:
        """Return a thread that was not started."""
        return SimulatedThread(self._kernel, target, name)
