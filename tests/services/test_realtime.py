"""The real-time lane: from a hint to the value in the CRM, for the people concerned alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.adapters.contract import Delivery
from connector.errors import RetryLater
from connector.records import PropertyChange, WebhookHint
from connector.services import maintenance, pipeline, realtime, replaying, rescoring, sync, webhooks
from connector.services.context import REALTIME
from connector.services.fetching import together
from connector.store import answers, claims, connections, inbox, lanes, ledger, runs, traces
from connector.store.claims import Wanted
from connector.store.connections import CrmConnection
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import inbox as inbox_table
from connector.store.tables import ledger as ledger_table
from connector.store.tables import outbox, records, scores
from tests.died import Died
from tests.services.copies import copied
from tests.services.delivering import AtOnce
from tests.world import World, world
from workers.turns import take_turns

MINUTE = timedelta(minutes=1)
MOST_STATEMENTS = 102
"""Of a lead that comes alone, in either database; what begins and ends transactions not counted."""


@pytest.fixture
def line(scored: World, store: Store) -> World:
    """An account whose people are scored, a minute later."""
    made = copied(scored, store)
    made.clock.at += MINUTE
    return made


def account(line: World) -> CrmConnection:
    """The connected account."""
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    return found


def push(line: World, *record_ids: str) -> int:
    """Let the account push that records changed, each in a request of its own; return how many hints were new."""
    headers = {"X-Fake-Signature": "good"}
    deliveries = [Delivery("POST", "", headers, f"101:{record_id}".encode()) for record_id in record_ids]
    return sum(webhooks.receive(line.services, "fakecrm", item) for item in deliveries)


def hint(line: World, *hints: WebhookHint) -> None:
    """Let hints wait that differ in more than whom they are about."""
    owner = account(line)
    with line.services.store.transaction() as session:
        inbox.keep(session, owner.tenant_id, owner.id, hints, line.clock.now())


def grow(line: World, record_id: str, size: int = 5_000) -> None:
    """Let a person's company grow, which raises every score."""
    for page in line.crm.pages["people"]:
        if any(item.record_id == record_id for item in page.records):
            changed = [
                replace(item, modified_at=line.clock.now(), properties={**item.properties, "size": str(size)})
                if item.record_id == record_id
                else item
                for item in page.records
            ]
            change = PropertyChange(record_id, "size", str(size), line.clock.now() - timedelta(seconds=1))
            place = line.crm.pages["people"].index(page)
            line.crm.pages["people"][place] = replace(page, records=tuple(changed), changes=(*page.changes, change))


def scored(line: World) -> list[str]:
    """Records with a score in the CRM."""
    return sorted(line.crm.held)


def entries(line: World) -> int:
    """How many scores are on the ledger."""
    with line.services.store.reading() as session:
        where = ledger_table.c.kind == "scored"
        return session.execute(sa.select(sa.func.count()).select_from(ledger_table).where(where)).scalar_one()


def waiting(line: World) -> int:
    """How many hints wait."""
    with line.services.store.reading() as session:
        where = inbox_table.c.handled_at.is_(None)
        return session.execute(sa.select(sa.func.count()).select_from(inbox_table).where(where)).scalar_one()


def die(line: World, operation: str) -> tuple[str, str]:
    """Let a worker die at an operation of the CRM; return whom it was about, and the score from before."""
    person, deaths = scored(line)[0], iter([True])
    held = line.crm.held[person]["lead_score"]

    def trouble(name: str) -> None:
        if name == operation and next(deaths, False):
            raise Died

    grow(line, person)
    line.crm.writes.clear()
    line.crm.trouble = trouble
    push(line, person)
    with pytest.raises(Died):
        line.work()
    return person, held


def runs_of(line: World) -> UUID:
    """The newest run: none was started where it stays the same."""
    with line.services.store.reading() as session:
        found = runs.latest(session, account(line).tenant_id)
    assert found
    return found.id


def test_a_hint_ends_in_a_new_value_and_no_run(line: World) -> None:
    """Only that record is written."""
    person, before = scored(line)[0], runs_of(line)
    held = line.crm.held[person]["lead_score"]
    grow(line, person)
    line.crm.writes.clear()
    assert push(line, person) == 1
    line.work()
    assert Decimal(line.crm.held[person]["lead_score"]) > Decimal(held)
    assert line.crm.writes == [person]
    assert runs_of(line) == before


def test_many_hints_about_few_people_are_one_question_and_a_score_each(line: World) -> None:
    """300 hints about three people: one call of the CRM, three scores."""
    people = scored(line)[:3]
    for person in people:
        grow(line, person)
    now = line.clock.now()
    hints = [WebhookHint("101", f"h{n}", "changed", people[n % 3], now - timedelta(seconds=n)) for n in range(300)]
    hint(line, *hints)
    line.crm.fetched.clear()
    line.crm.writes.clear()
    before = entries(line)
    assert push(line, people[0]) == 1
    line.work()
    assert line.crm.fetched == [tuple(people)]
    assert sorted(line.crm.writes) == people
    assert entries(line) == before + 3
    assert waiting(line) == 0


def test_a_webhook_that_comes_twice_or_late_changes_nothing(line: World) -> None:
    """Each hint counts once, whenever it comes, and it is never believed: the CRM is asked."""
    first, second = scored(line)[:2]
    grow(line, first)
    assert push(line, first, first, second) == 2
    line.work()
    held, writes, count = dict(line.crm.held), list(line.crm.writes), entries(line)
    line.clock.at += MINUTE
    assert push(line, second, first) == 0
    assert line.woken == []
    late = WebhookHint("101", "late", "changed", first, line.clock.now() - timedelta(days=1))
    hint(line, late)
    line.crm.fetched.clear()
    push(line, scored(line)[2])
    line.work()
    assert {person for batch in line.crm.fetched for person in batch} == {first, scored(line)[2]}
    assert (line.crm.held, line.crm.writes) == (held, writes)
    assert entries(line) == count + 2


def test_a_person_that_nobody_knew_is_scored_and_one_that_left_is_not(line: World) -> None:
    """Both within one turn."""
    page = line.crm.pages["people"][0]
    gone, like = scored(line)[0], page.records[0]
    new = replace(like, record_id="9999", email="new@firm1.com", created_at=line.clock.now() - MINUTE)
    made = PropertyChange("9999", "size", "400", new.created_at)
    line.crm.pages["people"][0] = replace(page, records=(*page.records, new), changes=(*page.changes, made))
    line.crm.gone.add(gone)
    push(line, gone, "9999")
    line.work()
    assert "9999" in line.crm.held
    with line.services.store.reading() as session:
        open_ones = set(session.execute(sa.select(records.c.vendor_id).where(records.c.removed_at.is_(None))).scalars())
        assert (
            session.execute(sa.select(outbox.c.record_id).join(records).where(records.c.vendor_id == gone)).all() == []
        )
    assert ("9999" in open_ones, gone in open_ones) == (True, False)


def test_who_asked_to_be_forgotten_is_erased_and_stays_so(line: World) -> None:
    """A page that was asked for before brings nobody back."""
    gone, owner = scored(line)[0], account(line)
    asked_at, page = line.clock.now(), line.crm.pages["people"][0]
    line.clock.at += MINUTE
    line.crm.gone.add(gone)
    hint(line, WebhookHint("101", "erase", "privacy", gone, line.clock.now(), erased=True))
    push(line, scored(line)[1])
    line.work()
    with line.services.store.transaction() as session:
        sync.store_page(session, AtOnce(line.services, owner.tenant_id, owner.id), page, asked_at)
        known = set(session.execute(sa.select(records.c.vendor_id)).scalars())
    assert gone not in known
    assert scored(line)[1] in known


def test_an_older_page_does_not_undo_what_the_lane_has_read(line: World) -> None:
    """A sync run may have asked before: the newer state of a record stays, and who left stays away."""
    person, left, owner = *scored(line)[:2], account(line)
    asked_at, page = line.clock.now(), line.crm.pages["people"][0]
    line.clock.at += MINUTE
    grow(line, person)
    line.crm.gone.add(left)
    push(line, person, left)
    line.work()
    with line.services.store.transaction() as session:
        sync.store_page(session, AtOnce(line.services, owner.tenant_id, owner.id), page, asked_at)
        rows = session.execute(sa.select(records.c.vendor_id, records.c.properties, records.c.removed_at)).all()
    found = {row.vendor_id: row for row in rows}
    assert found[person].properties["size"] == "5000"
    assert found[left].removed_at is not None


def test_every_score_of_the_lane_replays_and_says_what_asked_for_it(line: World) -> None:
    """The ledger names the trigger; the chain holds; inputs are kept."""
    person, owner = scored(line)[0], account(line)
    grow(line, person)
    push(line, person)
    line.work()
    with line.services.store.reading() as session:
        assert ledger.verify(session, owner.tenant_id).broken_at is None
        newest = ledger.span(session, owner.tenant_id, "scored")[-1]
    assert newest.body
    assert newest.body["requester"] == "webhook"
    assert newest.body["trigger"]["hints"] == ["changed"]
    assert newest.lead_id
    assert replaying.replay_lead(line.services, owner.tenant_id, newest.lead_id, None) == replaying.Replayed(1)


def test_a_run_that_began_before_overwrites_no_newer_score(line: World) -> None:
    """Neither the score nor the ledger nor the CRM; the other leads get theirs."""
    person, owner = scored(line)[0], account(line)
    maintenance.start_run(line.services, owner.tenant_id, pipeline.REFRESH)
    line.work(2)
    line.clock.at += MINUTE
    grow(line, person)
    push(line, person)
    line.woken.sort(key=lambda item: item[0] != REALTIME)
    line.work(1)
    held, count, total = line.crm.held[person], entries(line), len(line.crm.held)
    line.crm.writes.clear()
    line.work()
    with line.services.store.reading() as session:
        assert runs.get(session, runs_of(line)).status is RunStatus.DONE
        newest = session.execute(sa.select(sa.func.max(scores.c.as_of))).scalar_one()
    assert newest == line.clock.now()
    assert line.crm.held[person] == held
    assert person not in line.crm.writes
    # The run's score of the person leaves nothing; the lane scores that one again, by what the run has read since.
    assert entries(line) == count + total
    assert replaying.replay_ledger(line.services, owner.tenant_id, None).wrong == ()


def test_values_that_are_on_their_way_are_followed_by_newer_ones_never_passed(line: World) -> None:
    """While a bulk delivery sends a record's values, the lane's wait; then they are sent."""
    person, owner = scored(line)[0], account(line)
    with line.services.store.transaction() as session:
        record = session.execute(sa.select(records.c.id).where(records.c.vendor_id == person)).scalar_one()
        session.execute(sa.update(outbox).where(outbox.c.record_id == record).values(status="pending"))
        now = line.clock.now()
        taken = claims.claim(session, owner.id, Wanted(10), now, now + MINUTE)
    held = line.crm.held[person]
    grow(line, person)
    push(line, person)
    line.work()
    assert line.crm.held[person] == held
    with line.services.store.transaction() as session:
        answers.delivered(session, taken.token, taken.parcels, line.clock.now())
    line.clock.at += MINUTE
    realtime.sweep(line.services)
    line.work()
    assert Decimal(line.crm.held[person]["lead_score"]) > Decimal(held["lead_score"])


@pytest.mark.parametrize("operation", ["read records", "write", "written"])
def test_a_worker_that_dies_on_the_way_loses_nothing_and_doubles_nothing(line: World, operation: str) -> None:
    """Before and after the CRM was asked, before and after it took the value: the next worker goes on."""
    person, held = die(line, operation)
    line.clock.at += timedelta(seconds=31)
    realtime.sweep(line.services)
    line.work()
    assert Decimal(line.crm.held[person]["lead_score"]) > Decimal(held)
    assert line.crm.writes == [person]
    assert waiting(line) == 0


@pytest.mark.parametrize("step", ["take_in", "score", "keep"])
def test_a_worker_that_dies_between_two_steps_loses_nothing(
    line: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each transaction leaves a state from which the next worker can go on."""
    where = rescoring if step in ("score", "keep") else realtime
    real, deaths = getattr(where, step), iter([True])

    def dying(*arguments: object) -> object:
        if next(deaths, False):
            raise Died
        return real(*arguments)

    monkeypatch.setattr(where, step, dying)
    person = scored(line)[0]
    grow(line, person)
    line.crm.writes.clear()
    push(line, person)
    with pytest.raises(Died):
        line.work()
    line.clock.at += timedelta(seconds=31)
    realtime.sweep(line.services)
    line.work()
    assert line.crm.writes == [person]
    assert waiting(line) == 0


def test_a_lost_message_only_costs_time(line: World) -> None:
    """The sweep announces the work; a doubled message does nothing."""
    person = scored(line)[0]
    grow(line, person)
    line.crm.writes.clear()
    push(line, person)
    line.woken.clear()
    assert realtime.sweep(line.services) == 1
    line.woken *= 2
    line.work()
    assert line.crm.writes == [person]
    assert realtime.sweep(line.services) == 0


def test_without_room_at_the_crm_the_work_waits_and_says_so(line: World) -> None:
    """For as long as the CRM asks; a refresh picks it up too."""
    person = scored(line)[0]
    grow(line, person)
    line.crm.writes.clear()

    def full(operation: str) -> None:
        if operation == "read records":
            raise RetryLater("The CRM's request limit is used up for now.", after_seconds=40)

    line.crm.trouble = full
    push(line, person)
    _, piece = line.woken.pop()
    assert take_turns(line.warm, piece) == {piece: 40}
    with line.services.store.reading() as session:
        (work,) = lanes.of_connection(session, account(line).id)
    assert (work.message, work.due_at) == (
        "The CRM's request limit is used up for now.",
        line.clock.now() + timedelta(seconds=40),
    )
    line.crm.trouble = lambda _operation: None
    assert push(line, scored(line)[1]) == 1
    assert line.woken == []
    line.clock.at += timedelta(seconds=40)
    realtime.sweep(line.services)
    line.work()
    assert line.crm.writes == [person]
    assert waiting(line) == 0


def test_without_a_model_a_hint_starts_a_run_as_before(store: Store) -> None:
    """There is nothing to score by: the first run reads everything anyway."""
    made = world(store, complexity="interpretable")
    made.install()
    made.woken.clear()
    assert push(made, "1000") == 1
    assert all(queue != REALTIME for queue, _ in made.woken)


def test_each_stretch_is_timed_and_forgotten_after_a_week(line: World) -> None:
    """From what happened to the value in the CRM."""
    person = scored(line)[0]
    grow(line, person)
    push(line, person)
    line.clock.at += timedelta(seconds=2)
    line.work()
    with line.services.store.reading() as session:
        (found,) = traces.newest(session, account(line).id, 5)
    assert found.ended == "delivered"
    assert found.claimed_at - found.received_at == timedelta(seconds=2)
    times = [
        getattr(found, f"{name}_at") for name in ("happened", "received", "claimed", "fetched", "scored", "queued")
    ]
    assert times == sorted(times)
    assert found.delivered_at >= times[-1]
    line.clock.at += timedelta(days=7, seconds=1)
    realtime.sweep(line.services)
    with line.services.store.reading() as session:
        assert traces.newest(session, account(line).id, 5) == []


def all_grow(line: World, people: Sequence[str]) -> None:
    """Let people come to other scores, and forget what the CRM was asked for and given until now."""
    for person in people:
        grow(line, person)
    line.crm.writes.clear()
    line.crm.fetched.clear()


def test_a_large_burst_goes_in_turns_and_stands_behind_others_again(
    line: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn takes so many people and no more; the next one is announced, at the end of the queue."""
    monkeypatch.setattr(realtime, "MOST", 2)
    people = scored(line)[:5]
    all_grow(line, people)
    assert push(line, *people) == 5
    ((queue, piece),) = line.woken
    line.woken.clear()
    take_turns(line.warm, piece)
    assert line.woken == [(queue, piece)]
    line.work()
    assert [len(batch) for batch in line.crm.fetched] == [2, 2, 1]
    assert sorted(line.crm.writes) == people


def test_a_crowd_is_read_by_two_workers_each_with_people_of_its_own(
    line: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second is asked for when many wait, and not before; whoever comes last is read by the one that is left."""
    monkeypatch.setattr(realtime, "CROWD", 4)
    *people, one, two, three = scored(line)[:11]
    all_grow(line, people)
    push(line, *people)
    ((_, piece),) = line.woken
    line.woken.clear()
    take_turns(line.warm, piece)
    ((_, beside),) = line.woken
    assert beside != piece
    line.woken.clear()
    with line.services.store.reading() as session:
        (half,) = [set(batch) for batch in line.crm.fetched]
        left = {person.vendor_id for person in inbox.people(session, account(line).id, 50, 50)}
    assert half
    assert left == set(people) - half
    take_turns(line.warm, piece)
    assert len(line.crm.fetched) == 1, "the other half is the other's"
    take_turns(line.warm, beside)
    assert [set(batch) for batch in line.crm.fetched[1:]] == [left]
    line.crm.fetched.clear()
    push(line, one, two, three)
    line.work()
    assert [len(batch) for batch in line.crm.fetched] == [3], "three are no crowd"
    assert sorted(set(line.crm.writes)) == people


def test_who_comes_while_the_second_worker_ends_is_not_overlooked(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has looked already; the first one leaves people to it, and so asks for it once more."""
    monkeypatch.setattr(realtime, "CROWD", 4)
    people = scored(line)[:8]
    push(line, *people[:4])
    ((_, piece),) = line.woken
    take_turns(line.warm, piece)
    (beside,) = {work for queue, work in line.woken if queue == REALTIME} - {piece}
    line.woken.clear()
    turn = realtime.claim(line.services, beside)
    assert turn
    push(line, *people[4:])
    take_turns(line.warm, piece)
    with line.services.store.transaction() as session:
        assert lanes.finish(session, turn.piece, line.clock.now()), "somebody asked meanwhile"
    line.woken.append((REALTIME, beside))
    line.work()
    assert waiting(line) == 0


def test_whom_a_lost_worker_had_is_read_when_its_lease_ends(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The half that was given away waits for another worker; nobody is forgotten."""
    monkeypatch.setattr(realtime, "CROWD", 4)
    people = scored(line)[:6]
    push(line, *people)
    ((_, piece),) = line.woken
    line.woken.clear()
    take_turns(line.warm, piece)
    ((_, beside),) = line.woken
    line.woken.clear()
    assert realtime.claim(line.services, beside)
    line.work()
    assert waiting(line) > 0
    line.clock.at += timedelta(seconds=31)
    realtime.sweep(line.services)
    line.work()
    assert waiting(line) == 0


def test_a_burst_asks_the_crm_in_full_batches(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who would fill none waits for the next turn, which may find more beside them."""
    app = line.services.apps["fakecrm"]
    monkeypatch.setattr(app, "capabilities", replace(app.capabilities, read_batch=2, write_batch=3))
    people = scored(line)[:5]
    all_grow(line, people)
    push(line, *people)
    (_, piece), *_ = line.woken
    take_turns(line.warm, piece)
    assert [len(batch) for batch in line.crm.fetched] == [2, 2]
    assert (waiting(line), len(line.crm.writes)) == (1, 3)
    line.work()
    assert [len(batch) for batch in line.crm.fetched] == [2, 2, 1]
    assert sorted(line.crm.writes) == people


def test_a_turn_reads_no_more_people_than_one_request_writes(line: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those who have waited longest are written before the next are read: the CRM's window may end between the two."""
    app = line.services.apps["fakecrm"]
    monkeypatch.setattr(app, "capabilities", replace(app.capabilities, read_batch=2, write_batch=4))
    people = scored(line)[:9]
    all_grow(line, people)
    for person in people:
        push(line, person)
        line.clock.at += timedelta(seconds=1)
    take_turns(line.warm, line.woken[0][1])
    # Both are read side by side: either may be first.
    assert sorted(sorted(batch) for batch in line.crm.fetched) == [people[:2], people[2:4]]
    assert (waiting(line), sorted(line.crm.writes)) == (5, people[:4])
    line.work()
    assert sorted(line.crm.writes) == people


def test_a_lead_that_comes_alone_costs_few_statements(line: World) -> None:
    """From the wake-up to the value in the CRM: what is asked of the database is most of what a lead costs."""
    person, asked = scored(line)[0], list[str]()
    grow(line, person)
    push(line, person)

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = line.services.store.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        line.work()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    told = [statement for statement in asked if not statement.startswith(("BEGIN", "SET LOCAL"))]
    assert line.crm.held[person]["lead_score"]
    assert len(told) <= MOST_STATEMENTS, len(told)


def test_of_two_pages_that_tell_of_one_record_what_changed_last_counts(line: World) -> None:
    """Two ids of a merged record are asked for side by side: both answers name the survivor."""
    page = line.crm.pages["people"][0]
    older = page.records[0]
    newer = replace(older, modified_at=older.modified_at + MINUTE, properties={"size": "7"})
    for order in ((older, newer), (newer, older)):
        made = together([replace(page, records=(item,)) for item in order])
        assert made.records[-1] == newer
        assert len(made.changes) == 2 * len(page.changes)
