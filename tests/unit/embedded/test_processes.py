"""Child processes: their logs, and that none is left behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from connector.embedded.processes import Child, ProcessDied, start
from tests.unit.embedded.families import still_working

_WITH_ITS_OWN_CHILD = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("started", flush=True)
time.sleep(60)
"""


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """A child that has started a process of its own."""
    command = [sys.executable, "-c", _WITH_ITS_OWN_CHILD]
    started = start("worker", command, log_dir=tmp_path, environ=os.environ)
    while "started" not in started.log.read_text():
        started.check()
        time.sleep(0.01)
    yield started
    started.kill()


def _family(child: Child) -> list[psutil.Process]:
    leash = psutil.Process(child.process.pid)
    family = [leash, *leash.children(recursive=True)]
    assert len(family) == 3
    return family


def test_stopping_a_child_ends_what_it_started(child: Child) -> None:
    """A training run does not go on without its worker."""
    family = _family(child)
    child.stop()
    assert still_working(family) == []


def test_killing_a_child_ends_what_it_started(child: Child) -> None:
    """As when the machine fails."""
    family = _family(child)
    child.kill()
    assert still_working(family) == []


def test_a_child_killed_from_outside_takes_its_own_with_it(child: Child) -> None:
    """``kill -9`` of the worker alone; its status is told."""
    family = _family(child)
    os.kill(family[1].pid, signal.SIGKILL)
    assert still_working(family[1:]) == []
    child.process.wait()
    with pytest.raises(ProcessDied, match="worker process ended with status"):
        child.check()


def test_stopping_twice_is_stopping_once(child: Child) -> None:
    """Whoever cleans up need not know what has ended already."""
    child.stop()
    child.stop()
    child.kill()
    assert child.process.poll() is not None


def test_a_child_that_ended_is_named_with_the_end_of_its_log(tmp_path: Path) -> None:
    """Whoever started it learns why without looking for files."""
    command = [sys.executable, "-c", "print('no such setting'); raise SystemExit(3)"]
    child = start("web", command, log_dir=tmp_path, environ=os.environ)
    child.process.wait()
    with pytest.raises(ProcessDied, match=r"(?s)web process ended with status 3.*no such setting"):
        child.check()
    child.stop()
