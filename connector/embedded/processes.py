"""Child processes with log files, which die with their parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from connector.embedded import leash
from connector.errors import ConnectorError

_LAST_LINES = 15
_STOP_SECONDS = leash.GRACE_SECONDS + 5


class ProcessDied(ConnectorError):
    """A child ended that should be running; the message holds the end of its log."""


@dataclass(frozen=True, slots=True)
class Child:
    """A running child process."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def check(self) -> None:
        """Raise ``ProcessDied`` if the child has ended."""
        status = self.process.poll()
        if status is not None:
            lines = self.log.read_text("utf-8", errors="replace").splitlines()[-_LAST_LINES:]
            raise ProcessDied(
                f"The {self.name} process ended with status {status}. Its log {self.log} ends:\n" + "\n".join(lines)
            )

    def stop(self) -> None:
        """Ask the child to end, then make it."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the child and everything that it started at once, as a crash would."""
        # Once its status was read the number may belong to another process.
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def start(
    name: str,
    command: Sequence[str],
    *,
    log_dir: Path,
    environ: Mapping[str, str],
    cwd: Path | None = None,
    held_files: Sequence[int] = (),
) -> Child:
    """Start a command as a child that can't outlive this process; it logs to ``<log_dir>/<name>.log``.

    ``held_files`` are descriptors, of a lock for instance, that stay open until the child has ended,
    even where this process ends first.
    """
    log_dir.mkdir(parents=True, exist_ok=True)
    log = log_dir / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", leash.__file__, *command],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            cwd=cwd,
            pass_fds=held_files,
            # A session of its own: Ctrl-C reaches the parent alone, which ends the children in order.
            start_new_session=True,
        )
    return Child(name, log, process)


def free_port() -> int:
    """Return a TCP port of the loopback interface that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
