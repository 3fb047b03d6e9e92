"""Run a command that must not outlive whoever started it.

``python leash.py COMMAND …`` holds the read end of a pipe whose write end only the parent
has. However the parent ends, ``kill -9`` included, the pipe closes and the command is
ended. Works on every Unix; needs nothing but the standard library.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_SECONDS = 10


class Leash:
    """One command, tied to the parent by the pipe at standard input."""

    def __init__(self) -> None:
        self.child: subprocess.Popen[bytes] | None = None
        self.stopping = False
        self.orphaned = False

    def run(self, command: list[str]) -> int:
        """Run ``command`` until it ends, is asked to, or the parent is gone; return its exit status."""
        # Before the child exists: a signal that came in between would leave it alone.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: self._stop())
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        if self.stopping:
            self.child.terminate()
        threading.Thread(target=self._watch, args=[self.child], daemon=True).start()
        status = self.child.wait()
        if os.getpgrp() == os.getpid():
            self._end_group()
        return status

    def _stop(self) -> None:
        self.stopping = True
        if self.child is not None:
            self.child.terminate()

    def _end_group(self) -> None:
        """End what the command itself started; it is in this process's group."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
        if self.orphaned:
            # Ends this process too, whose status nobody reads any more.
            os.killpg(0, signal.SIGKILL)

    def _watch(self, child: subprocess.Popen[bytes]) -> None:
        while os.read(0, 1):
            pass
        self.orphaned = True
        child.terminate()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()


if __name__ == "__main__":
    sys.exit(Leash().run(sys.argv[1:]))
