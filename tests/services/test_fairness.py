"""Workers are shared by tenants in turns: a small one never waits behind a large one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from connector.services import identity, pipeline, scoring_run
from connector.services.children import in_place
from connector.services.job import TURN_SECONDS, Job
from connector.store import connections, intents, runs, streams
from connector.store.session import Store
from tests.services.fair import Shop, arrive, jain
from tests.world import World, small_account, world
from workers.outcomes import carry_out, take_turn

HOUR = 3600.0


@pytest.fixture
def line(store: Store) -> World:
    """Services without any tenant; leases outlast the test."""
    made = world(store, complexity="interpretable")
    made.services = replace(made.services, lease_seconds=1e6)
    return made


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_small_tenants_do_not_wait_behind_large_ones(line: World) -> None:
    """Sizes by Zipf's law; the largest came first, with messages of their own ahead of everyone else's."""
    shop, draw = Shop(line), random.Random(5)
    sizes = [20_000.0 / rank**1.3 for rank in range(1, 81)]
    large = [shop.come(seconds) for seconds in sizes[:8]]
    small = []
    ends = 0.5 * HOUR
    arrivals = sorted(draw.uniform(0, ends - 300) for _ in sizes[8:])
    for at, seconds in zip(arrivals, draw.sample(sizes[8:], len(arrivals)), strict=True):
        shop.run(at)
        small.append(shop.come(min(seconds, 30.0)))
    shop.run(ends)
    waits = sorted(shop.waits[tenant] for tenant in small)
    # Alone a tenant waits for nothing. Beside eight that could keep every worker for hours: for the next turn's end.
    assert waits[int(0.99 * len(waits))] <= TURN_SECONDS
    assert waits[len(waits) // 2] <= TURN_SECONDS / 2
    assert jain([shop.served[tenant] for tenant in large]) > 0.95


def test_messages_that_stand_ahead_give_nobody_a_turn(line: World) -> None:
    """A tenant with twelve accounts sent its messages first; the next worker is for the other one."""
    crowd = arrive(line, accounts=12)
    # Of those who came at one instant, ids decide.
    line.clock.sleep(1.0)
    single = arrive(line)
    first, second, third = (pipeline.claim_next(line.services, line.woken.pop(0)[1]) for _ in range(3))
    assert first
    assert second
    assert third
    assert [first.tenant_id, second.tenant_id, third.tenant_id] == [crowd, single, crowd]


def test_a_tenant_alone_has_all_workers(line: World) -> None:
    """Nothing is kept free for nobody."""
    crowd = arrive(line, accounts=12)
    jobs = [pipeline.claim_next(line.services, intent_id) for _, intent_id in line.woken]
    assert [job.tenant_id for job in jobs if job] == [crowd] * 12


def test_work_for_other_workers_is_left_alone(line: World) -> None:
    """A worker of one queue does nothing of another's, and nothing twice."""
    arrive(line)
    (message,) = [intent_id for _, intent_id in line.woken]
    job = pipeline.claim_next(line.services, message)
    assert job
    assert pipeline.claim_next(line.services, message) is None
    assert pipeline.claim_next(line.services, UUID(int=1)) is None
    assert {stage.queue for stage in pipeline.STAGES if stage.name in job.peers} == {"sync"}


def _long_account(line: World, seconds: float) -> None:
    """Let each page take so long."""
    line.crm.trouble = lambda operation: line.clock.sleep(seconds) if operation.startswith("read") else None
    line.crm.pages = {"people": [replace(page, changes=()) for page in line.crm.pages["people"] * 3]}


def test_a_long_reading_gives_way_while_others_wait_and_goes_on_where_it_stopped(line: World) -> None:
    """No page is read twice, none is lost, and the run ends as it would have."""
    _long_account(line, 20.0)
    asked: list[str] = []
    slow = line.crm.trouble
    line.crm.trouble = lambda operation: (asked.append(operation), slow(operation))[1]
    tenant_id = line.install().tenant_id
    take_turn(line.services, line.woken.pop(0)[1])
    waiting = arrive(line)
    pages = len(line.crm.pages["people"])
    carry_out(line.services, line.woken.pop(0)[1])
    assert 0 < asked.count("read people") < pages
    assert _next_tenant(line) == waiting
    with line.services.store.transaction() as session:
        line.woken.clear()
        runs.finish(session, _latest(line, waiting), line.clock.now())
    while reading := _readings(line):
        carry_out(line.services, reading[0])
    with line.services.store.reading() as session:
        (account,) = connections.of_tenant(session, tenant_id)
        (state,) = streams.of_connection(session, account.id)
    assert state.drained_at
    assert asked.count("read people") == pages


def _readings(line: World) -> list[UUID]:
    with line.services.store.reading() as session:
        return [found for found, stage in intents.due(session, line.clock.now(), 10) if stage == "sync"]


def _next_tenant(line: World) -> UUID:
    with line.services.store.reading() as session:
        (first, *_) = intents.due(session, line.clock.now(), 10)
        job = pipeline.claim(line.services, first[0])
    assert job
    with line.services.store.transaction() as session:
        intents.give_way(session, job.intent, line.clock.now())
    return job.tenant_id


def _latest(line: World, tenant_id: UUID) -> UUID:
    with line.services.store.reading() as session:
        found = runs.latest(session, tenant_id)
    assert found
    return found.id


def test_a_long_reading_keeps_its_worker_while_nobody_waits(line: World) -> None:
    """Giving way costs a new beginning."""
    _long_account(line, 20.0)
    line.install()
    take_turn(line.services, line.woken.pop(0)[1])
    take_turn(line.services, line.woken.pop(0)[1])
    with line.services.store.reading() as session:
        (stage,) = [stage for _, stage in intents.due(session, line.clock.now(), 10)]
    assert stage == "identity"


def _crowded(line: World, monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Let every turn be over at once, and another tenant's work always wait; return who gave way how often."""
    for module, size in ((identity, 40), (scoring_run, 40)):
        monkeypatch.setattr(module, "_CHUNK", size)
    for turn in ("FIRST_TURN_SECONDS", "TURN_SECONDS"):
        monkeypatch.setattr(pipeline, turn, 0.0)
    gave_way: Counter[str] = Counter()
    give_way = pipeline.give_way

    def counted(job: Job) -> pipeline.Ready:
        gave_way[job.intent.stage] += 1
        return give_way(job)

    monkeypatch.setattr(pipeline, "give_way", counted)
    other = arrive(line)
    with line.services.store.transaction() as session:
        for stage in ("sync", "score", "deliver"):
            intents.add(session, other, _latest(line, other), stage, ["nobody's"], line.clock.now())
    line.woken.clear()
    return gave_way


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_all_that_is_long_gives_way_and_is_done_once(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a run has to stop half-way, it scores and writes each lead once; training has its own workers."""
    line.crm.pages = small_account(people=150).pages
    gave_way = _crowded(line, monkeypatch)
    tenant_id = line.install().tenant_id
    line.work(limit=200)
    with line.services.store.reading() as session:
        run = runs.latest(session, tenant_id)
    assert run
    assert run.status is runs.RunStatus.DONE, run.error
    assert gave_way.keys() == {"sync", "identity", "score", "deliver"}
    assert min(gave_way.values()) > 1
    assert len(line.crm.writes) == len(set(line.crm.writes)) > 80
    _computes_for_long(line)
    gave_way.clear()
    _score_again(line, tenant_id)
    # Whoever goes on with it must compute it again, so that it stores first for as long as that took.
    assert not gave_way["score"]
    with line.services.store.reading() as session:
        latest = runs.latest(session, tenant_id)
    assert latest
    assert (latest.kind, latest.status) == (pipeline.REFRESH, runs.RunStatus.DONE)


def _computes_for_long(line: World) -> None:
    def slowly(function: Callable[..., Any], *arguments: Any) -> Any:
        line.clock.sleep(100.0)
        return in_place(function, *arguments)

    line.services = replace(line.services, isolated=slowly)


def _score_again(line: World, tenant_id: UUID) -> None:
    with line.services.store.transaction() as session:
        ready = pipeline.start(line.services, session, tenant_id, pipeline.REFRESH)
    line.services.wake_all(ready)
    line.work(limit=200)
