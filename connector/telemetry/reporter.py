"""Publishes what a process counts, and that it is alive, every few seconds."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading

from connector.clock import Clock
from connector.errors import RetryLater
from connector.telemetry.board import Board
from connector.telemetry.series import Counts

log = logging.getLogger("connector.telemetry")

PERIOD_SECONDS = 5.0


class Reporter:
    """The thread of one process. ``role`` is what the process is for, as ``web`` or ``sync``."""

    def __init__(self, board: Board, counts: Counts, clock: Clock, role: str) -> None:
        """Begin nothing yet."""
        self._board, self._counts, self._clock = board, counts, clock
        # Pids repeat from machine to machine, and on one machine over time.
        self.process = f"{role}@{socket.gethostname()}/{os.getpid()}"
        self._ended = threading.Event()
        self._reached = True

    def start(self) -> None:
        """Report from now on until the process ends."""
        threading.Thread(target=self._run, name="telemetry", daemon=True).start()
        atexit.register(self.report)

    def report(self) -> None:
        """Publish once; what can't be published is kept for the next time."""
        taken = self._counts.take()
        try:
            self._board.publish(self.process, taken, self._clock.now())
        except RetryLater as error:
            self._counts.merge(taken)
            if self._reached:
                log.warning("counts are kept until Redis is back: %s", error)
            self._reached = False
        else:
            self._reached = True

    def _run(self) -> None:
        while True:
            self.report()
            self._ended.wait(PERIOD_SECONDS)
