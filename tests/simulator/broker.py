"""A broker that loses, doubles and reorders messages, rate windows beside them, and all forgotten by a flush."""

from __future__ import annotations

from connector.adapters.limits import Governor
from connector.adapters.windows import LocalWindows
from connector.clock import Clock
from tests.simulator.kernel import Kernel, Task
from tests.simulator.storm import Storm

Message = tuple[str, ...]
"""(task, arguments…)"""


class Broker:
    """Messages in no order, and the workers that wait for one."""

    def __init__(self, kernel: Kernel, storm: Storm) -> None:
        self._kernel = kernel
        self._storm = storm
        self.messages: list[Message] = []
        self._idle: list[Task] = []

    def send(self, task: str, *arguments: str) -> None:
        """Announce something, once, twice or not at all."""
        copies = 1
        if self._storm.strikes("lost message"):
            copies = 0
            self._kernel.say(f"the message {task} is lost")
        elif self._storm.strikes("doubled message"):
            copies = 2
        self.messages += [(task, *arguments)] * copies
        # Everyone: whoever slept first may be dead by now.
        for sleeper in self._idle:
            self._kernel.wake(sleeper)
        self._idle.clear()

    def send_later(self, seconds: float, task: str, *arguments: str) -> None:
        """Announce something after a while."""
        self._kernel.at(seconds, lambda: self.send(task, *arguments))

    def take(self) -> Message:
        """Wait for a message; any of those there may be the next."""
        while not self.messages:
            self._idle.append(self._kernel.current)
            self._kernel.park()
        return self.messages.pop(self._storm.draw.randrange(len(self.messages)))

    def flush(self) -> None:
        """Lose everything."""
        self._kernel.say(f"the broker is flushed: {len(self.messages)} messages are lost", "world")
        self.messages.clear()


class FlushedWindows(LocalWindows):
    """Windows as a server holds them: after a flush those who have a lane go on with the same, empty ones."""

    def flush(self) -> None:
        """Lose everything."""
        LocalWindows.__init__(self, self._clock)


class FlushedGovernor(Governor):
    """The governor whose windows are lost with the broker's messages."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(None, clock)
        self._windows = self._flushed = FlushedWindows(clock)

    def flush(self) -> None:
        """Lose what was sent, who waits, and what was learned of others."""
        self._flushed.flush()
