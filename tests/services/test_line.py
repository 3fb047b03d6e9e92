"""The whole line on a small CRM in memory."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import MissingPermission, NeedsAdmin, RetryLater
from connector.records import Tier, WriteOutcome, WriteResult
from connector.services import maintenance, pipeline
from connector.services.values import NEAR_AVERAGE
from connector.store import connections, ledger, models, outbox, records, runs, scores
from connector.store.connections import Health
from connector.store.outbox import OutboxStatus
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import ledger_payloads
from connector.store.tables import outbox as outbox_table
from tests.died import Died
from tests.services.copies import copied
from tests.simulator import quick
from tests.world import World, small_account, world


@pytest.fixture
def line(store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world in which the app was installed and the first run is waiting; its model takes no time."""
    made = world(store)
    made.crm.pages = small_account(60).pages
    quick.stand_in(made, monkeypatch)
    made.install()
    return made


@pytest.fixture
def ended(scored: World, store: Store) -> World:
    """A world whose first run is done, with a model that was trained."""
    return copied(scored, store)


def _run(line: World) -> runs.Run:
    with line.services.store.reading() as session:
        tenant = connections.find_by_account(session, "fakecrm", "101")
        assert tenant
        found = runs.latest(session, tenant.tenant_id)
    assert found
    return found


def _notice(line: World) -> str | None:
    with line.services.store.reading() as session:
        (connection,) = connections.of_tenant(session, _run(line).tenant_id)
    return connection.notice


def test_an_installation_ends_in_scores_inside_the_crm(store: Store) -> None:
    """Every open lead has a score there, equal to what the store and the ledger say."""
    line = world(store)
    line.crm.pages = small_account(150).pages
    line.install()
    line.work()
    run = _run(line)
    assert run.status is RunStatus.DONE
    with line.services.store.reading() as session:
        champion = models.champion(session, run.tenant_id)
        count = sum(scores.summary(session, run.tenant_id).values())
        delivered = outbox.counts(session, connections.of_tenant(session, run.tenant_id)[0].id)
        assert ledger.verify(session, run.tenant_id).broken_at is None
    assert champion
    assert champion.version == run.model == "model_v20260301"
    assert count == len(line.crm.held) > 75
    assert delivered == {"delivered": count}
    assert {values["lead_score_tier"] for values in line.crm.held.values()} <= set(Tier)
    assert len(line.crm.writes) == len(set(line.crm.writes))


def test_the_crm_gets_the_reasons(ended: World) -> None:
    """At most three that raise and two that lower, in the order in which they weigh."""
    line, run = ended, _run(ended)
    with line.services.store.reading() as session:
        held = _leads(session, run)
        values = outbox.expected_values(session, [record for record, _ in held])
        sent = {lead: values[record].values for record, lead in held}
        kept = {lead: scores.of_lead(session, run.tenant_id, lead) for lead in sent}
    for lead, values in sent.items():
        row = kept[lead]
        assert row is not None
        up = [reason["sentence"] for reason in row.reasons if reason["contribution"] > 0]
        down = [reason["sentence"] for reason in row.reasons if reason["contribution"] < 0]
        assert values["reasons"] == (up + down or [NEAR_AVERAGE])
        assert (len(up) <= 3, len(down) <= 2) == (True, True)
    assert max(len(row.reasons) for row in kept.values() if row) > 3


def _leads(session: Connection, run: runs.Run) -> list[tuple[int, int]]:
    found = records.of_lead(session, run.tenant_id, list(scores.tiers(session, run.tenant_id)))
    return [(record.id, record.lead_id) for record in found]


def test_a_second_run_writes_nothing_that_did_not_change(ended: World) -> None:
    """A refresh at the same instant finds every value in the CRM already."""
    before = len(ended.crm.writes)
    maintenance.start_run(ended.services, _run(ended).tenant_id, pipeline.REFRESH)
    ended.work()
    assert _run(ended).status is RunStatus.DONE
    assert len(ended.crm.writes) == before


def test_a_lost_wake_up_only_costs_time(line: World) -> None:
    """The sweep announces what no message did."""
    for _ in range(20):
        line.woken.clear()
        pipeline.sweep(line.services)
        if not line.work(1):
            break
    assert _run(line).status is RunStatus.DONE


def test_doubled_wake_ups_change_nothing(line: World) -> None:
    """Each message twice ends in the same writes."""
    while line.woken:
        line.woken.insert(0, line.woken[0])
        line.work(2)
    assert len(line.crm.writes) == len(set(line.crm.writes)) == len(line.crm.held)


def test_a_passing_trouble_is_tried_again_and_ends_well(line: World) -> None:
    """RetryLater puts the stage back; the sweep takes it up when it is due."""
    troubles = iter([True, True])

    def trouble(operation: str) -> None:
        if operation == "read clicks" and next(troubles, False):
            raise RetryLater("The CRM is busy.", after_seconds=1)

    line.crm.trouble = trouble
    for _ in range(4):
        line.work()
        line.clock.sleep(60)
        pipeline.sweep(line.services)
    assert _run(line).status is RunStatus.DONE


def test_a_vendor_that_does_not_push_holds_nothing_up(line: World) -> None:
    """The run goes on and the account's page says so, until it does; the clock reads what is not pushed."""

    def trouble(operation: str) -> None:
        if operation == "subscribe":
            raise NeedsAdmin("The address does not answer.", remedy="Look at the public address.")

    line.crm.trouble = trouble
    line.work()
    assert _run(line).status is RunStatus.DONE
    told = _notice(line)
    assert told
    assert "Changes are not pushed" in told
    assert "The address does not answer." in told
    line.crm.trouble = lambda _operation: None
    maintenance.start_run(line.services, _run(line).tenant_id, pipeline.RETRAIN)
    line.work()
    assert _notice(line) is None


def test_a_revoked_grant_stops_the_run_with_a_sentence_and_destroys_the_tokens(line: World) -> None:
    """Nothing is called any more; installing again goes on."""
    line.crm.revoked = True
    line.work()
    run = _run(line)
    assert run.status is RunStatus.STOPPED
    assert "Install the app" in str(run.error)
    with line.services.store.reading() as session:
        connection = connections.of_tenant(session, run.tenant_id)[0]
        assert connection.status is Health.DISCONNECTED
        assert connections.tokens(session, connection.id).access_token is None
    # Of two runs that began at one instant either may count as the newest.
    line.clock.sleep(60)
    line.install()
    line.work()
    assert _run(line).status is RunStatus.DONE


def test_a_stream_without_permission_is_named_and_the_rest_goes_on(line: World) -> None:
    """A missing scope degrades one stream, not the run."""

    def trouble(operation: str) -> None:
        if operation == "read clicks":
            raise MissingPermission("Clicks can't be read.", remedy="Grant the scope.")

    line.crm.trouble = trouble
    line.work()
    run = _run(line)
    assert run.status is RunStatus.DONE
    with line.services.store.reading() as session:
        assert "kind of data is not offered" in str(runs.stages(session, run.id)["sync"].detail)


def test_one_refused_record_becomes_a_dead_letter_and_its_neighbours_arrive(line: World) -> None:
    """The admin sees the CRM's sentence; a replay writes the record once it is mended."""
    victim = line.crm.pages["people"][0].records[0].record_id
    victims = {item.record_id for page in line.crm.pages["people"] for item in page.records}
    line.crm.refused = {
        item: WriteResult(item, WriteOutcome.NEEDS_ADMIN, "A rule of the portal refused it.") for item in victims
    }
    line.work()
    with line.services.store.reading() as session:
        connection = connections.of_tenant(session, _run(line).tenant_id)[0]
        dead = outbox.dead_letters(session, connection.id, 1000)
    assert victim or dead
    assert {row.message for row in dead} == {"A rule of the portal refused it."}
    line.crm.refused = {}
    with line.services.store.transaction() as session:
        assert outbox.replay_dead(session, connection.id, line.clock.now()) == len(dead)
    maintenance.start_run(line.services, connection.tenant_id, pipeline.REFRESH)
    line.work()
    assert len(line.crm.held) == len(dead)


def test_batches_that_were_answered_are_kept_when_another_gets_no_answer(line: World) -> None:
    """Only the unanswered one is in doubt: nobody asks the CRM again about the others."""
    throttled = iter([True])

    def trouble(operation: str) -> None:
        if operation == "write" and next(throttled, False):
            raise RetryLater("The CRM is busy.", after_seconds=1)

    line.crm.trouble = trouble
    line.work()
    with line.services.store.reading() as session:
        connection = connections.of_tenant(session, _run(line).tenant_id)[0]
        counts = outbox.counts(session, connection.id)
    assert counts[OutboxStatus.SENDING] == 10
    assert counts[OutboxStatus.DELIVERED] == len(line.crm.writes) == 30
    line.clock.sleep(60)
    pipeline.sweep(line.services)
    line.work()
    assert _run(line).status is RunStatus.DONE
    assert len(line.crm.writes) == len(set(line.crm.writes)) == len(line.crm.held)


def test_what_an_adapter_keeps_of_a_record_is_told_with_its_next_write(line: World) -> None:
    """Its marks come back until it gives others; what it left undone is on the page and on the ledger."""
    victims = [item.record_id for page in line.crm.pages["people"] for item in page.records]
    line.crm.marks = {item: {"since": "yesterday"} for item in victims}
    line.work()
    assert set(map(str, line.crm.told.values())) == {"{}"}
    _write_everything_again(line)
    assert {str(line.crm.told[item]) for item in line.crm.held} == {"{'since': 'yesterday'}"}
    line.crm.marks = {}
    _write_everything_again(line)
    _write_everything_again(line)
    assert {str(line.crm.told[item]) for item in line.crm.held} == {"{'since': 'yesterday'}"}
    with line.services.store.reading() as session:
        connection = connections.of_tenant(session, _run(line).tenant_id)[0]
        assert outbox.remarks(session, connection.id, 5) == []
        bodies = session.execute(sa.select(ledger_payloads.c.body)).scalars().all()
    assert sum("Left something undone." in body for body in bodies) == 2 * len(line.crm.held)


def _write_everything_again(line: World) -> None:
    line.clock.sleep(60)
    with line.services.store.transaction() as session:
        session.execute(sa.update(outbox_table).values(status=outbox.OutboxStatus.PENDING, delivered=sa.null()))
    maintenance.start_run(line.services, _run(line).tenant_id, pipeline.REFRESH)
    line.work()


def test_values_whose_fate_is_unknown_are_read_back_not_written_twice(line: World) -> None:
    """A worker that dies after the CRM took a batch leaves no double write."""
    deaths = iter([True])

    def trouble(operation: str) -> None:
        if operation == "written" and next(deaths, False):
            raise Died

    line.crm.trouble = trouble
    with pytest.raises(Died):
        line.work()
    line.clock.sleep(31)
    pipeline.sweep(line.services)
    line.work()
    assert _run(line).status is RunStatus.DONE
    assert len(line.crm.writes) == len(set(line.crm.writes)) == len(line.crm.held)
