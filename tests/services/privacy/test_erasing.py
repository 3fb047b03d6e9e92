"""Who is erased is in no byte, comes back by nothing that is late, and is out of the next model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.crashpoints import Point, watching
from connector.errors import RejectedInput, RetryLater
from connector.records import Actor, EngagementEvent, EventKind, Page, Removal, WriteOutcome, WriteResult
from connector.services import pipeline, polling
from connector.services.privacy import barring, erasing
from connector.store import erasures, inputs, ledger, models
from connector.store.session import Store
from connector.store.tables import events, ledger_payloads, metadata, records, visitors
from tests.services.privacy import around
from tests.services.privacy.around import ENDED
from tests.services.privacy.people import ANA, BEN, MAIL, Crash, Dies, people, told
from tests.services.privacy.planted import MARK, PERSON, Machine, machine, person_page
from tests.world import KEY, NEWER_KEY, NOW


@pytest.fixture
def planted(tmp_path: Path) -> Iterator[Machine]:
    """A machine that knows the person."""
    with machine(tmp_path / "data") as made:
        yield made


WITHOUT_THEM = {
    "api_keys": "a tenant's own secrets, by their hashes",
    "api_recomputations": "numbers of leads, for a day",
    "companies": "a CRM's companies, which stay there",
    "connections": "a CRM account, its tokens and the names of its fields",
    "departures": "a CRM account that was left",
    "digest_recipients": "the tenant's own people",
    "drift_alarms": "names of fields and shares of many people",
    "drift_findings": "names of fields and shares of many people",
    "drift_references": "shares of many people",
    "enrichment_sources": "how a source is asked",
    "enrichment_spending": "numbers of a day",
    "erasures": "whom it is about, from asking until it is done; never before",
    "experiments": "a plan, and what was seen of whole arms",
    "fields": "a CRM's fields and the choices that its admins made",
    "forecasts": "numbers of leads and their chances, sealed: docs/privacy.md",
    "identities": "the tenant's own people",
    "installs": "hashes of an installation under way",
    "intents": "work on a whole account",
    "invitations": "the tenant's own people",
    "kpi_reports": "figures of many people",
    "lanes": "work on a whole account",
    "lead_views": "filters of the tenant's own people, without what is searched for",
    "ledger_checks": "hashes of the chain",
    "ledger_heads": "hashes of the chain",
    "marketing_spend": "what an owner entered of a channel",
    "model_shares": "coefficients",
    "models": "no value that fewer than five people have",
    "objective_drafts": "what an owner wrote of the goal",
    "objectives": "what an owner signed of the goal",
    "periodic_reports": "figures of many people",
    "pitfalls": "numbers and names of fields",
    "publications": "an account's automations and numbers",
    "pulses": "times of sweeps",
    "run_stages": "work on a whole account",
    "runs": "work on a whole account",
    "schedules": "times of what is done by the clock",
    "score_maps": "numbers of a scale",
    "sign_ins": "the tenant's own people",
    "sites": "the tenant's own sites",
    "streams": "how far an account is read",
    "tenants": "what the tenant decided",
    "told_alerts": "names of alerts",
    "tombstones": "keyed hashes, which outlive an erasure by their purpose",
    "tracked_refusals": "numbers of a day",
    "usage_days": "numbers of a day",
    "users": "the tenant's own people",
    "webhook_endpoints": "the tenant's own systems",
    "write_jobs": "a vendor's names of jobs",
}
"""Tables that can hold text, but none of whom the product knows from CRMs; and what they hold."""
NUMBERED = {"lead_id", "record_id", "visitor_id", "best_lead_id"}
"""Columns that name a person by a number of ours."""


def _tables_about(made: Machine, numbers: Mapping[str, Set[int]]) -> set[str]:
    """Return the tables that hold the mark, or a row of one of these numbers (column → numbers)."""
    found = set()
    with made.world.services.store.reading() as session:
        for table in metadata.sorted_tables:
            for row in session.execute(sa.select(table)).mappings():
                named = any(row[name] in numbers[name] for name in numbers.keys() & row.keys())
                if named or MARK in str(tuple(row.values())):
                    found.add(table.name)
        for first in inputs.batches(session, made.tenant_id):
            batch = inputs.of_entry(session, made.tenant_id, first)
            assert batch
            if numbers.get("lead_id", set()) & set(inputs.unpack(batch.frame)["lead_id"]):
                found.add("score_inputs")
    return found


def _numbers(made: Machine, lead_id: int) -> dict[str, set[int]]:
    """Return by which numbers the person is known, by column."""
    with made.world.services.store.reading() as session:
        theirs = set(session.execute(sa.select(records.c.id).where(records.c.lead_id == lead_id)).scalars())
        visits = set(session.execute(sa.select(visitors.c.id).where(visitors.c.name.contains(MARK))).scalars())
    leads = {lead_id, ENDED}
    return {"lead_id": leads, "best_lead_id": leads, "record_id": theirs, "visitor_id": visits}


def _can_tell(table: sa.Table) -> bool:
    """Whether a table can hold words, a document or bytes, or names anybody by a number."""
    kinds = (sa.String, sa.JSON, sa.LargeBinary)
    return any(column.name in NUMBERED or isinstance(column.type, kinds) for column in table.columns)


def test_a_person_is_in_no_byte_afterwards_and_does_not_come_back(planted: Machine) -> None:
    """Database, its log, the broker's file, models, inputs; then a late page, a webhook and a visit."""
    services = planted.world.services
    around.plant(planted)
    lead_id = planted.lead_id()
    assert lead_id
    numbers = _numbers(planted, lead_id)
    held = _tables_about(planted, numbers)
    assert held.isdisjoint(WITHOUT_THEM)
    assert held | WITHOUT_THEM.keys() == {table.name for table in metadata.sorted_tables if _can_tell(table)}
    assert planted.places()
    assert erasing.ask_for_lead(services, planted.tenant_id, lead_id + 1_000_000, "test") is None
    assert erasing.ask_for_lead(services, planted.tenant_id, lead_id, "test")
    (erasure_id,) = erasing.due(services)
    assert erasing.carry_out(services, erasure_id)
    # The chain tells that something was said of a number, and no more what.
    assert _tables_about(planted, numbers) == {"ledger"}
    assert planted.places() == {}
    with services.store.reading() as session:
        assert ledger.verify(session, planted.tenant_id).broken_at is None
        bodies = [json for json in session.execute(sa.select(ledger_payloads.c.body)).scalars() if "erased" in json]
        assert len(bodies) == 1

    planted.world.crm.pages["people"].append(person_page())
    assert planted.push() == 0
    planted.world.clock.sleep(3600)
    polling.catch_up(services, planted.tenant_id)
    planted.world.work()
    with services.store.transaction() as session:
        before = models.champion(session, planted.tenant_id)
        ready = pipeline.start(services, session, planted.tenant_id, pipeline.RETRAIN)
    services.wake_all(ready)
    planted.world.work()
    with services.store.reading() as session:
        after = models.champion(session, planted.tenant_id)
        assert before
        assert after
        assert before.version != after.version
    assert _tables_about(planted, numbers) == {"ledger"}
    assert planted.places() == {}
    assert PERSON not in planted.world.crm.writes


POINTS = [point for point in Point if point.name.startswith("ERASURE_")]


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_may_die_at_every_point(store: Store, point: Point) -> None:
    """Whoever sweeps next goes on; the other person, and what the CRM holds of them, stays."""
    made = people(store)
    lead_id, other = made.lead_of(ANA), made.lead_of(BEN)
    erasure_id = erasing.ask_for_lead(made.services, made.tenant_id, lead_id, "test")
    assert erasure_id
    dies = Dies(point)
    with watching(dies), pytest.raises(Crash):
        erasing.carry_out(made.services, erasure_id)
    made.read(told(ANA))
    assert not erasing.carry_out(made.services, erasure_id)
    made.world.clock.at += erasing.LEASE
    for found in erasing.due(made.services):
        assert erasing.carry_out(made.services, found)
    assert erasing.due(made.services) == []
    made.read(told(ANA))
    assert made.known() == {BEN}
    assert made.lead_of(BEN) == other
    assert set(made.world.crm.held) == {BEN}
    with store.reading() as session:
        (kept,) = erasures.of_tenant(session, made.tenant_id, 10)
        assert (kept.person, kept.found["records"], kept.found["events"]) == (None, 1, 1)
        assert len(session.execute(sa.select(events)).all()) == 1


def test_a_crm_that_is_away_holds_up_nothing_but_its_own_part(store: Store) -> None:
    """The store has forgotten; our values are taken out as soon as the CRM answers."""
    made = people(store)
    crm, away = made.world.crm, RetryLater("The CRM is away.")

    def trouble(operation: str) -> None:
        if operation == "clear":
            raise away

    crm.trouble = trouble
    erasure_id = erasing.ask_for_email(made.services, made.tenant_id, " ANA@firm.com", "test")
    assert not erasing.carry_out(made.services, erasure_id)
    assert made.known() == {BEN}
    assert ANA in crm.held
    made.world.clock.at += erasing.PAUSE
    crm.trouble = lambda _operation: None
    assert erasing.carry_out(made.services, erasure_id)
    assert ANA not in crm.held


def test_a_crm_that_never_answers_is_given_up_with_a_word(store: Store) -> None:
    """Whoever asked is told what could not be reached."""
    made = people(store)

    def trouble(operation: str) -> None:
        raise RetryLater("The CRM is away.")

    made.world.crm.trouble = trouble
    erasure_id = erasing.ask_for_email(made.services, made.tenant_id, MAIL[ANA], "test")
    assert not erasing.carry_out(made.services, erasure_id)
    made.world.clock.at += erasing.PATIENCE
    assert erasing.carry_out(made.services, erasure_id)
    with store.reading() as session:
        (kept,) = erasures.of_tenant(session, made.tenant_id, 10)
    assert (kept.person, kept.message) == (None, "The CRM is away.")


def test_what_a_crm_says_when_it_keeps_our_values_outlives_nobody(store: Store) -> None:
    """It may quote whom it is about; the sentence stays with the erasure."""
    made = people(store)
    words = f"A rule refuses the record 7001 of {MAIL[ANA]}."
    made.world.crm.kept[ANA] = WriteResult(ANA, WriteOutcome.NEEDS_ADMIN, words)
    erasure_id = erasing.ask_for_email(made.services, made.tenant_id, MAIL[ANA], "test")
    assert erasing.carry_out(made.services, erasure_id)
    with store.reading() as session:
        (kept,) = erasures.of_tenant(session, made.tenant_id, 10)
    assert kept.message == "The CRM kept our values in 1 records: A rule refuses the record of"


def test_who_comes_back_by_themselves_is_new(store: Store) -> None:
    """A record made later is taken in, under the same address and even under the same id; an older one is not."""
    made = people(store)
    erasure_id = erasing.ask_for_lead(made.services, made.tenant_id, made.lead_of(ANA), "test")
    assert erasure_id
    erasing.carry_out(made.services, erasure_id)
    again = told(ANA).records[0]
    late = Page(cursor={}, drained=True, records=(replace(again, record_id="9"),))
    made.read(late)
    assert made.known() == {BEN}
    of_late = EngagementEvent("web", "late", EventKind.PAGE_VIEW, NOW, Actor.LEAD, "9", None, "/late")
    made.read(Page(cursor={}, drained=True, events=(of_late,)))
    with store.reading() as session:
        assert "/late" not in session.execute(sa.select(events.c.detail)).scalars().all()
    made.world.clock.sleep(60)
    born = made.world.clock.now()
    made.read(Page(cursor={}, drained=True, records=(replace(again, created_at=born, modified_at=born),)))
    assert made.known() == {ANA, BEN}
    made.read(Page(cursor={}, drained=True, records=told(ANA).records, changes=told(ANA).changes))
    assert made.known() == {ANA, BEN}


def test_a_crm_that_erased_a_person_erases_all_of_them(store: Store) -> None:
    """Another account's record of the same address goes as well; an address that nobody had is barred all the same."""
    made = people(store)
    twin = replace(told(ANA).records[0], record_id="twin")
    made.read(Page(cursor={}, drained=True, records=(twin,)))
    assert made.lead_of("twin") == made.lead_of(ANA)
    gone = Removal(ANA, made.world.clock.now(), erased=True)
    made.read(Page(cursor={}, drained=True, removals=(gone, replace(gone, record_id="never known"))))
    for erasure_id in erasing.due(made.services):
        assert erasing.carry_out(made.services, erasure_id)
    stranger = replace(twin, record_id="never known", email="stranger@firm.com")
    made.read(Page(cursor={}, drained=True, records=(stranger, twin, told(ANA).records[0])))
    assert made.known() == {BEN}
    with pytest.raises(RejectedInput):
        erasing.ask_for_email(made.services, made.tenant_id, "nobody", "test")


def test_a_page_that_erases_nobody_asks_nothing(store: Store) -> None:
    """Nearly every page that is read is one; merged and archived records are no erasure."""
    made = people(store)
    gone = (Removal(BEN, NOW), Removal("another", NOW, merged_into=ANA))
    asked: list[str] = []
    with store.reading() as session:
        sa.event.listen(session, "before_cursor_execute", lambda _, __, statement, *___: asked.append(statement))
        erasing.ask_for_removed(made.services, session, made.tenant_id, made.account.id, gone)
    assert asked == []


def test_who_was_erased_stays_barred_under_a_newer_key(store: Store) -> None:
    """By the record, by the address alone, and in what the CRM pushes; only a key that is taken away bars no more."""
    made = people(store)
    erasure_id = erasing.ask_for_lead(made.services, made.tenant_id, made.lead_of(ANA), "test")
    assert erasure_id
    assert erasing.carry_out(made.services, erasure_id)
    made.world.use_keys(NEWER_KEY, KEY)
    twin = replace(told(ANA).records[0], record_id="9")
    made.read(Page(cursor={}, drained=True, records=(twin,), events=told(ANA).events))
    made.read(told(ANA))
    assert made.known() == {BEN}
    with store.reading() as session:
        assert barring.forgotten_ids(made.services, session, made.account, [ANA, BEN, "9"]) == {ANA, "9"}
        assert [row.source_id for row in session.execute(sa.select(events))] == [f"of {BEN}"]
    made.world.clock.sleep(60)
    born = made.world.clock.now()
    again = replace(told(ANA).records[0], created_at=born, modified_at=born)
    made.read(Page(cursor={}, drained=True, records=(again,)))
    made.read(Page(cursor={}, drained=True, records=(again,)))
    assert made.known() == {ANA, BEN}
    made.world.use_keys(NEWER_KEY)
    other = replace(twin, record_id="10")
    made.read(Page(cursor={}, drained=True, records=(other,)))
    assert made.known() == {ANA, BEN, "10"}


def test_who_is_erased_after_a_rotation_is_barred_by_all_who_share_a_key(store: Store) -> None:
    """Processes that were not given the newer key yet, and those that have lost the older one."""
    made = people(store)
    made.world.use_keys(NEWER_KEY, KEY)
    erasure_id = erasing.ask_for_lead(made.services, made.tenant_id, made.lead_of(ANA), "test")
    assert erasure_id
    assert erasing.carry_out(made.services, erasure_id)
    for keys in ([KEY], [NEWER_KEY]):
        made.world.use_keys(*keys)
        with store.reading() as session:
            assert barring.forgotten_ids(made.services, session, made.account, [ANA, BEN]) == {ANA}
        made.read(told(ANA))
        assert made.known() == {BEN}
