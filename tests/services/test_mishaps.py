"""What the simulator found, one test each: the order of things that real accidents bring about."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from connector import crashpoints
from connector.adapters.contract import Delivery
from connector.crashpoints import Point
from connector.errors import LostLease, RetryLater
from connector.records import PropertyChange, Tokens
from connector.services import maintenance, pipeline, realtime, sync, webhooks
from connector.services.job import Job, _Beat
from connector.services.opening import app_of, read_connection
from connector.services.tokens import TokenSource, encrypt
from connector.services.turn import Turn
from connector.store import connections, inbox, lanes, ledger, outbox, runs
from connector.store.outbox import OutboxStatus
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import intents, records
from connector.store.tables import outbox as outbox_table
from tests.died import Died
from tests.services.copies import copied
from tests.simulator import quick
from tests.world import World
from workers.turns import take_turns


@pytest.fixture
def line(quickly_scored: World, store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world after its first run, with a model that takes no time."""
    made = copied(quickly_scored, store)
    quick.stand_in(made, monkeypatch)
    return made


def _unavailable(times: int, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Fail as a database does that is away, ``times`` times."""
    left = [times]

    def call(*arguments: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise OperationalError("a statement", {}, sqlite3.OperationalError("database is locked"))
        return otherwise(*arguments, **named)

    return call


def _tenant(line: World) -> UUID:
    with line.services.store.reading() as session:
        return connections.newest(session).tenant_id


def _work_until(line: World, stage: str) -> None:
    """Do what was announced until the next message is of this stage."""
    while True:
        with line.services.store.reading() as session:
            found = session.execute(sa.select(intents.c.stage).where(intents.c.id == line.woken[0][1])).scalar_one()
        if found == stage:
            return
        line.work(1)


def test_a_run_that_is_resumed_replaces_no_newer_score(line: World) -> None:
    """It dies after its last chunk, a later run scores everybody, and its stage is taken up again."""
    tenant_id = _tenant(line)
    maintenance.start_run(line.services, tenant_id, pipeline.REFRESH)
    _work_until(line, "score")
    (abandoned,) = line.woken

    def die(point: Point) -> None:
        if point is Point.STAGE_DONE:
            raise Died

    with crashpoints.watching(die), pytest.raises(Died):
        line.work(1)
    line.clock.sleep(line.services.lease_seconds + 1)
    maintenance.start_run(line.services, tenant_id, pipeline.REFRESH)
    line.work()
    with line.services.store.reading() as session:
        before = len(ledger.span(session, tenant_id, "scored"))
    line.woken.append(abandoned)
    line.work()
    with line.services.store.reading() as session:
        assert len(ledger.span(session, tenant_id, "scored")) == before
        assert set(session.execute(sa.select(runs.runs.c.status)).scalars()) == {RunStatus.DONE}


def test_a_score_that_returns_to_what_the_crm_holds_replaces_the_one_on_its_way(line: World) -> None:
    """Compared with the delivered value nothing has changed; what waits would be written all the same."""
    tenant_id = _tenant(line)
    with line.services.store.transaction() as session:
        row = session.execute(sa.select(outbox_table).join(records).order_by(records.c.id).limit(1)).one()
        other = {**row._mapping["values"], "score": "99.9"}
        waiting = {"status": OutboxStatus.PENDING, "values": other, "due_at": line.clock.now() + timedelta(days=1)}
        session.execute(sa.update(outbox_table).where(outbox_table.c.record_id == row.record_id).values(waiting))
    maintenance.start_run(line.services, tenant_id, pipeline.REFRESH)
    line.work()
    with line.services.store.reading() as session:
        held = outbox.expected_values(session, [row.record_id])[row.record_id]
    assert held.values["score"] == row.delivered["score"]


def test_a_database_that_is_away_is_waited_for(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a stage fails for it, nobody is asked to call support."""
    times = pipeline.BUG_ATTEMPTS + 2
    monkeypatch.setattr(sync, "_read_hinted", _unavailable(times, sync._read_hinted))
    tenant_id = _tenant(line)
    maintenance.start_run(line.services, tenant_id, pipeline.REFRESH)
    for _ in range(times + 1):
        line.work()
        line.clock.sleep(300)
        pipeline.sweep(line.services)
    line.work()
    with line.services.store.reading() as session:
        run = runs.latest(session, tenant_id)
    assert run
    assert run.status is RunStatus.DONE


@pytest.mark.parametrize("failures", [3, 30])
def test_new_tokens_are_kept_although_the_database_fails_at_first(
    line: World, monkeypatch: pytest.MonkeyPatch, failures: int
) -> None:
    """Under rotation the vendor has forgotten the old ones by then. Thirty failures are two minutes."""
    with line.services.store.reading() as session:
        connection = connections.newest(session)
    source = TokenSource(line.services, app_of(line.services, connection.vendor), connection)
    refused = source.token()
    monkeypatch.setattr(connections, "save_tokens", _unavailable(failures, connections.save_tokens))
    fresh = source.refused(refused)
    assert fresh != refused
    assert source.token() == fresh
    assert line.crm.refreshes == 1


def test_others_go_on_with_a_token_that_is_still_good_while_somebody_refreshes_it(line: World) -> None:
    """A refresh that hangs stops nobody before the token's end."""
    with line.services.store.reading() as session:
        connection = connections.newest(session)
    first, other = (TokenSource(line.services, app_of(line.services, connection.vendor), connection) for _ in "ab")
    old, now, meanwhile = first.token(), line.clock.now(), list[str]()
    ends_soon = encrypt(line.services, connection, Tokens(old, first.grant(), now + timedelta(seconds=100)), 1)
    with line.services.store.transaction() as session:
        assert connections.save_tokens(session, connection.id, ends_soon, now)

    def ask(point: Point) -> None:
        if point is Point.REFRESH_CLAIMED:
            meanwhile.append(other.token())

    with crashpoints.watching(ask):
        fresh = first.token()
    assert meanwhile == [old]
    assert fresh != old
    assert other.token() == fresh
    assert line.crm.refreshes == 1


def test_a_worker_that_stood_still_does_not_use_its_right_to_refresh(line: World) -> None:
    """Somebody else may have refreshed meanwhile, and a spent token would end the grant."""
    with line.services.store.reading() as session:
        connection = connections.newest(session)
    source = TokenSource(line.services, app_of(line.services, connection.vendor), connection)

    def stand_still(point: Point) -> None:
        if point is Point.REFRESH_CLAIMED:
            line.clock.sleep(60)

    with crashpoints.watching(stand_still), pytest.raises(RetryLater):
        source.refused(source.token())
    assert line.crm.refreshes == 0


def test_a_heartbeat_outlives_a_failed_renewal(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on until the lease is lost."""
    maintenance.start_run(line.services, _tenant(line), pipeline.REFRESH)
    job = pipeline.claim(line.services, line.woken[0][1])
    assert job
    monkeypatch.setattr(Job, "_renew", _unavailable(1, _lost))
    beat = _Beat(job, lambda: None, line.services.lease_seconds / 3)
    assert [beat(), beat()] == [True, False]


def test_the_lanes_heartbeat_outlives_a_failed_renewal(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It goes on until the lease is lost, as that of a stage."""
    turn = realtime.claim(line.services, _pushed(line))
    assert turn
    monkeypatch.setattr(Turn, "_renew", _unavailable(1, _lost))
    assert [turn._beat(), turn._beat()] == [True, False]


def _lost(*_: object) -> None:
    raise LostLease("Another worker has it.")


def _pushed(line: World) -> UUID:
    """Let the account push that its first person changed; return the lane's work."""
    record = line.crm.pages["people"][0].records[0].record_id
    line.clock.sleep(1)
    webhooks.receive(
        line.services, "fakecrm", Delivery("POST", "", {"X-Fake-Signature": "good"}, f"101:{record}".encode())
    )
    return line.woken[-1][1]


def _change(line: World, record_id: str, **changes: Any) -> None:
    """Change a person in the CRM: any columns of the record, or the city."""
    page = next(page for page in line.crm.pages["people"] if any(item.record_id == record_id for item in page.records))
    now, city = line.clock.now(), changes.pop("city", None)
    made = [replace(it, modified_at=now, **changes) if it.record_id == record_id else it for it in page.records]
    told = [PropertyChange(record_id, "city", city, now - timedelta(seconds=1))] if city else []
    line.crm.pages["people"][line.crm.pages["people"].index(page)] = replace(
        page, records=tuple(made), changes=(*page.changes, *told)
    )


def test_values_that_are_queued_while_the_lane_writes_are_written_next(line: World) -> None:
    """They are for the same record: the turn that ends must not give up what it has never seen."""
    record = line.crm.pages["people"][0].records[0]
    elsewhere = "Faro" if record.properties["city"] == quick.HOME else quick.HOME
    cities = [str(record.properties["city"]), elsewhere]
    line.clock.sleep(60)

    def change_again(point: Point) -> None:
        if point is Point.LANE_DELIVERED and len(cities) == 1:
            line.clock.sleep(5)
            _change(line, record.record_id, city=cities.pop())
            take_turns(line.warm, _pushed(line))

    _change(line, record.record_id, city=cities.pop())
    _pushed(line)
    with crashpoints.watching(change_again):
        line.work()
    assert not cities
    with line.services.store.reading() as session:
        assert set(outbox.counts(session, connections.newest(session).id)) == {OutboxStatus.DELIVERED}


def test_a_record_that_became_another_persons_gets_that_ones_score(line: World) -> None:
    """Be it older than what its former person was scored last."""
    record = line.crm.pages["people"][0].records[0]
    record_id, elsewhere = record.record_id, "Faro" if record.properties["city"] == quick.HOME else quick.HOME
    with line.services.store.transaction() as session:
        later = {"as_of": line.clock.now() + timedelta(hours=1)}
        session.execute(sa.update(outbox_table).values(later))
    line.clock.sleep(60)
    _change(line, record_id, email="somebody@else.example", city=elsewhere)
    _pushed(line)
    line.work()
    with line.services.store.reading() as session:
        query = sa.select(outbox_table.c.ledger_seq, records.c.lead_id).join(records)
        row = session.execute(query.where(records.c.vendor_id == record_id)).one()
        told = {entry.seq: entry.lead_id for entry in ledger.span(session, _tenant(line), "scored")}
    assert told[row.ledger_seq] == row.lead_id


def test_values_that_are_under_way_already_are_seen_to(line: World) -> None:
    """Whoever sent them is gone, and forgot them as the record came to another lead."""
    record = line.crm.pages["people"][0].records[0].record_id
    with line.services.store.transaction() as session:
        row = session.execute(sa.select(records.c.id).where(records.c.vendor_id == record)).one()
        until = line.clock.now() + timedelta(seconds=30)
        lost = {"status": OutboxStatus.SENDING, "sent": outbox_table.c["values"], "leased_until": until}
        lost |= {"sent_seq": outbox_table.c.ledger_seq, "claim": UUID(int=1)}
        session.execute(sa.update(outbox_table).where(outbox_table.c.record_id == row.id).values(lost))
    _pushed(line)
    for _ in range(5):
        line.work()
        line.clock.sleep(10)
        realtime.sweep(line.services)
    with line.services.store.reading() as session:
        assert set(outbox.counts(session, connections.newest(session).id)) == {OutboxStatus.DELIVERED}


def test_the_lane_waits_for_a_database_that_is_away(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often a turn fails for it, its hints are not left to the night."""
    times = pipeline.BUG_ATTEMPTS + 2
    monkeypatch.setattr(realtime, "take_in", _unavailable(times, realtime.take_in))
    _pushed(line)
    for _ in range(times + 1):
        line.work()
        line.clock.sleep(10)
        realtime.sweep(line.services)
    with line.services.store.reading() as session:
        connection = connections.newest(session)
        assert inbox.waiting(session, connection.id, 10) == []
        assert {row.status for row in lanes.of_connection(session, connection.id)} == {"done"}


def test_a_connection_without_a_secret_says_so(line: World) -> None:
    """Its adapter is told that it can't verify what earlier hooks sign."""
    with line.services.store.reading() as session:
        found = connections.newest(session)
    assert read_connection(line.services, found.id).verifies
    with line.services.store.transaction() as session:
        connections.forget_tokens(session, found.id)
    assert not read_connection(line.services, found.id).verifies
