"""A worker that is being stopped hands its work back: at once where it can, soon where it can't."""

from __future__ import annotations

import os
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest

from connector.errors import Stopping
from connector.services import children, job, pipeline
from connector.store import intents
from connector.store.runs import RunStatus
from connector.store.session import Store
from tests.services.test_restoring import newest
from tests.simulator import quick
from tests.world import World, world


@pytest.fixture
def made(store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """One account, installed; the first stage is announced. Its model takes no time."""
    prepared = world(store)
    quick.stand_in(prepared, monkeypatch)
    prepared.install()
    return prepared


def test_a_stage_is_handed_back_and_the_next_worker_ends_the_run(made: World) -> None:
    """At every point where it asks: the work is ready again at once, is announced, and nothing is written twice."""
    calm, asked, draw = made.services, 0, random.Random(3)

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return draw.random() < 0.25

    made.services = replace(calm, stopping=stopping)
    for _ in range(200):
        if not made.woken:
            break
        made.work(limit=1)
    run = newest(made)
    assert run.status is RunStatus.DONE, run.error
    assert asked > 20
    with calm.store.reading() as session:
        assert intents.put_back_of_run(session, run.id) == []
    assert len(made.crm.writes) == len(set(made.crm.writes)) > 100


def test_a_stage_that_does_not_end_is_given_to_another_worker(made: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for a vendor: after the grace its intent is ready and announced, and its own next write is refused."""
    monkeypatch.setattr(job, "GRACE_SECONDS", 0.02)
    monkeypatch.setattr(job, "LOOK_SECONDS", 0.01)
    services = made.services
    held = pipeline.claim(services, made.woken.pop()[1])
    assert held
    stopped = replace(held, services=replace(services, stopping=lambda: True))
    with stopped.heartbeat(lambda: pipeline.hand_back(stopped)):
        deadline = time.monotonic() + 30
        while not made.woken and time.monotonic() < deadline:
            time.sleep(0.01)
    assert made.woken == [("sync", held.intent.id)]
    with pytest.raises(job.LostLease), stopped.transaction():
        raise AssertionError("a worker wrote without its lease")
    assert pipeline.claim(services, held.intent.id)


def _slow(marker: Path) -> None:
    marker.write_text(str(os.getpid()), "ascii")
    time.sleep(600)


def test_a_long_computation_is_given_up(tmp_path: Path) -> None:
    """Training ends with the worker, and leaves no process behind."""
    marker = tmp_path / "child"
    with pytest.raises(Stopping):
        children.until(lambda: marker.exists() and marker.stat().st_size > 0)(_slow, marker)
    child = int(marker.read_text("ascii"))
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
