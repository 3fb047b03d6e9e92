"""The embedded broker: private, one a folder, never an orphan."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import redis

from connector.clock import SystemClock
from connector.embedded import valkey
from connector.embedded.processes import free_port
from connector.embedded.valkey import BrokerUnavailable, start_broker
from tests.unit.embedded.families import still_working

_PARENT = """
import sys, time
from pathlib import Path
from connector.clock import SystemClock
from connector.embedded.valkey import start_broker
broker = start_broker(Path(sys.argv[1]), SystemClock())
print(broker.child.process.pid, flush=True)
time.sleep(60)
"""


def test_it_answers_and_asks_for_its_password(tmp_path: Path) -> None:
    """Nobody else on the machine can read or flush it."""
    broker = start_broker(tmp_path, SystemClock())
    try:
        assert redis.Redis.from_url(broker.url).ping()
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(broker.url.replace(str(urlsplit(broker.url).password), "guess")).ping()
    finally:
        broker.stop()


def test_what_was_queued_survives_a_restart(tmp_path: Path) -> None:
    """Append-only files keep it."""
    broker = start_broker(tmp_path, SystemClock())
    redis.Redis.from_url(broker.url).rpush("queue", "wake-up")
    broker.stop()
    again = start_broker(tmp_path, SystemClock())
    try:
        assert redis.Redis.from_url(again.url).lrange("queue", 0, -1) == [b"wake-up"]
    finally:
        again.stop()


def test_its_password_does_not_stay_on_the_disk(tmp_path: Path) -> None:
    """Whoever copies the data folder gets no key to the running server."""
    broker = start_broker(tmp_path, SystemClock())
    try:
        password = urlsplit(broker.url).password
        assert password
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert files
        assert not [path for path in files if password.encode() in path.read_bytes()]
    finally:
        broker.stop()


def test_a_folder_with_a_space_in_its_name_will_do(tmp_path: Path) -> None:
    """Its path is never written into a file that would need quotes."""
    broker = start_broker(tmp_path / "my data", SystemClock())
    broker.stop()
    assert (tmp_path / "my data" / "appendonlydir").is_dir()


def test_a_port_that_another_process_took_is_not_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one is tried."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = iter([other.getsockname()[1], free_port()])
        monkeypatch.setattr(valkey, "free_port", lambda: next(ports))
        start_broker(tmp_path, SystemClock()).stop()


def test_a_second_start_in_one_folder_is_refused_in_words(tmp_path: Path) -> None:
    """Two servers on one append-only file would ruin it."""
    broker = start_broker(tmp_path, SystemClock())
    try:
        with pytest.raises(BrokerUnavailable, match="in use by another process"):
            start_broker(tmp_path, SystemClock())
    finally:
        broker.stop()
    start_broker(tmp_path, SystemClock()).stop()


def test_after_a_killed_parent_the_folder_is_free_again(tmp_path: Path) -> None:
    """The next start waits for the last one's server to be gone instead of running beside it."""
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    server = psutil.Process(int(parent.stdout.readline())).children()[0]
    parent.kill()
    parent.communicate()
    broker = start_broker(tmp_path, SystemClock())
    try:
        assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    finally:
        broker.stop()


def test_killing_the_parent_leaves_no_orphan(tmp_path: Path) -> None:
    """However the parent ends."""
    parent = subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    leash = psutil.Process(int(parent.stdout.readline()))
    family = [leash, *leash.children(recursive=True)]
    assert any("valkey" in process.name() or "redis" in process.name() for process in family)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert still_working(family) == []
