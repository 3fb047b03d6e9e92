"""Intents: one worker at a time, and a lost lease writes nothing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.engine import Connection

from connector.errors import LostLease
from connector.store import intents, runs
from connector.store.intents import Intent
from connector.store.runs import Run, RunStatus
from connector.store.session import Store
from tests.store.world import NOW, tenant

LEASE = timedelta(seconds=30)


def _run(session: Connection, tenant_id: UUID) -> UUID:
    run = Run(runs.new_id(), tenant_id, "first", RunStatus.WAITING, NOW, 1, "m", NOW, None, None)
    runs.create(session, run, ["sync"])
    intents.add(session, tenant_id, run.id, "sync", ["account"], NOW)
    return run.id


def _claim(store: Store, intent_id: UUID, seconds: float = 0) -> Intent | None:
    now = NOW + timedelta(seconds=seconds)
    with store.transaction() as session:
        return intents.claim(session, intent_id, now, now + LEASE)


def _due(store: Store, seconds: float = 0) -> list[UUID]:
    with store.reading() as session:
        return [found for found, _ in intents.due(session, NOW + timedelta(seconds=seconds), 10)]


@pytest.fixture
def intent_id(store: Store) -> UUID:
    """One intent that is due."""
    with store.transaction() as session:
        _run(session, tenant(session))
    return _due(store)[0]


def test_of_two_workers_one_gets_the_intent(store: Store, intent_id: UUID) -> None:
    """The second claim finds nothing."""
    assert _claim(store, intent_id) is not None
    assert _claim(store, intent_id) is None


def test_an_abandoned_intent_is_due_again_after_its_lease(store: Store, intent_id: UUID) -> None:
    """A worker that died loses its work to the next one."""
    _claim(store, intent_id)
    assert _due(store, 29) == []
    assert _due(store, 31) == [intent_id]
    assert _claim(store, intent_id, 31) is not None


def test_a_worker_that_lost_its_lease_can_commit_nothing(store: Store, intent_id: UUID) -> None:
    """Its fence is old, so renewing and finishing both refuse."""
    first = _claim(store, intent_id)
    second = _claim(store, intent_id, 31)
    assert first
    assert second
    for act in (lambda s: intents.renew(s, first, NOW + LEASE), lambda s: intents.finish(s, first)):
        with pytest.raises(LostLease), store.transaction() as session:
            act(session)
    with store.transaction() as session:
        intents.finish(session, second)
    assert _due(store, 100) == []


def test_two_runs_do_not_hold_the_same_stage_of_one_subject(store: Store, intent_id: UUID) -> None:
    """The second run's intent waits until the first one's is done."""
    held = _claim(store, intent_id)
    assert held
    with store.transaction() as session:
        run = _run(session, held.tenant_id)
        other = intents.ready_of_run(session, run)[0][0]
    assert _claim(store, other, 1) is None
    with store.transaction() as session:
        intents.finish(session, held)
    assert _claim(store, other, 1) is not None


def test_adding_an_intent_twice_makes_one(store: Store, intent_id: UUID) -> None:
    """A stage entered again after a crash does not double its work."""
    held = _claim(store, intent_id)
    assert held
    with store.transaction() as session:
        intents.add(session, held.tenant_id, held.run_id, "sync", ["account"], NOW)
        assert intents.open_count(session, held.run_id, "sync") == 1


def test_parked_work_is_not_due_until_the_admin_resumes_it(store: Store, intent_id: UUID) -> None:
    """Parking keeps the sentence and the sweep leaves it alone."""
    held = _claim(store, intent_id)
    assert held
    with store.transaction() as session:
        intents.park(session, held, "Grant the missing scope.")
    assert _due(store, 1000) == []
    with store.transaction() as session:
        assert intents.unpark(session, held.tenant_id, NOW) == 1
    assert _due(store) == [intent_id]
