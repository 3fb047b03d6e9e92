"""The embedded broker: private, one a folder, never an orphan."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis

from connector.clock import SystemClock
from connector.embedded.processes import ProcessDied, start
from connector.embedded.valkey import BrokerUnavailable, start_broker

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
            redis.Redis.from_url(broker.url.replace(broker.url.split(":")[2].split("@")[0], "guess")).ping()
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


def test_a_second_start_in_one_folder_is_refused_in_words(tmp_path: Path) -> None:
    """Two servers on one append-only file would ruin it."""
    broker = start_broker(tmp_path, SystemClock())
    try:
        with pytest.raises(BrokerUnavailable, match="in use by another process"):
            start_broker(tmp_path, SystemClock())
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
    _, alive = psutil.wait_procs(family, timeout=20)
    assert alive == []


def test_a_child_that_ended_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    """Whoever started it learns why without looking for files."""
    command = [sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]
    child = start("web", command, log_dir=tmp_path, environ=os.environ)
    while child.process.poll() is None:
        time.sleep(0.01)
    with pytest.raises(ProcessDied, match=r"(?s)web process ended with status 3.*no such setting"):
        child.check()
    child.stop()
