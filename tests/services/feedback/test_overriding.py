"""A score that is set by hand holds in the CRM, whatever the model says, until it is released."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Page, Removal, Tier
from connector.services import acts, identity, schedules, sync
from connector.services.experiments import conducting
from connector.services.feedback import overriding
from connector.services.feedback.overriding import Wish, read_wish
from connector.services.privacy import erasing
from connector.services.privacy.held import held_of
from connector.store import ledger, overrides, retention, scores, webhook_endpoints
from connector.store.tables import experiment_leads, webhook_events
from connector.store.tables import experiments as experiments_table
from connector.store.tables import outbox as outbox_table
from connector.store.tables import overrides as overrides_table
from connector.store.tables import records as records_table
from connector.store.webhook_endpoints import Endpoint
from tests.services.delivering import AtOnce
from tests.services.feedback.desk import Desk

HOT = Wish(Tier.HIGH_INTENT, Decimal("99.5"), "strategic", "Ring 555 1234 about pumps")


def low(desk: Desk) -> tuple[int, str]:
    """A lead that the model thinks little of, and its record."""
    return next((lead, record) for lead, record in desk.leads() if desk.score(lead).tier == Tier.LOW)


def test_the_crm_shows_the_persons_word_until_it_is_released(everywhere: Desk) -> None:
    """The ledger says both, and the chain holds."""
    desk = everywhere
    lead, record = low(desk)
    model = desk.model_says(lead)
    with acts.asked_by("Rita"):
        overriding.set_by_hand(desk.world.services, desk.tenant, lead, HOT)
    desk.world.work()
    assert desk.shown(record) == ("99.5", Tier.HIGH_INTENT)
    assert desk.model_says(lead) == model
    told = [body for kind, body in desk.entries(lead) if kind == "scored"]
    assert told[0]
    assert told[1]
    assert (told[0]["score"], told[0]["tier"]) == (told[1]["score"], told[1]["tier"]) == model
    assert told[0]["by_hand"]["score"] == "99.5"
    assert told[0]["as_of"] == told[1]["as_of"]
    (act,) = [body for kind, body in desk.entries(lead) if kind == "admin"]
    assert act
    assert (act["action"], act["by"], act["tier"]) == ("set score by hand", "Rita", Tier.HIGH_INTENT)
    assert overriding.release(desk.world.services, desk.tenant, lead)
    desk.world.work()
    assert desk.shown(record) == desk.model_says(lead)
    assert not overriding.release(desk.world.services, desk.tenant, lead)
    with desk.world.services.store.reading(desk.tenant) as session:
        assert ledger.verify(session, desk.tenant).broken_at is None


def test_it_outlasts_what_the_model_says_next(desk: Desk) -> None:
    """A refresh scores the lead anew, and writes nothing."""
    lead, record = low(desk)
    overriding.set_by_hand(desk.world.services, desk.tenant, lead, HOT)
    desk.refresh()
    assert desk.shown(record) == ("99.5", Tier.HIGH_INTENT)
    assert desk.world.crm.writes.count(record) == 2


def test_a_tier_alone_leaves_the_models_score(desk: Desk) -> None:
    lead, record = low(desk)
    overriding.set_by_hand(desk.world.services, desk.tenant, lead, replace(HOT, score=None))
    desk.world.work()
    assert desk.shown(record) == (str(desk.score(lead).score), Tier.HIGH_INTENT)


def test_it_ends_by_its_date(desk: Desk) -> None:
    """The clock is told, and nobody has to be there."""
    lead, record = low(desk)
    schedules.enter(desk.world.services)
    until = desk.now + timedelta(hours=5)
    overriding.set_by_hand(desk.world.services, desk.tenant, lead, replace(HOT, until=until))
    desk.world.work()
    assert (desk.tenant, overriding.KIND) not in schedules.due(desk.world.services)
    assert overriding.cadence(desk.world.services, desk.tenant) == timedelta(hours=5)
    desk.world.clock.sleep(5 * 3600 + 1)
    assert (desk.tenant, overriding.KIND) in schedules.due(desk.world.services)
    assert schedules.carry_out(desk.world.services, desk.tenant, overriding.KIND)
    desk.world.work()
    assert desk.shown(record) == desk.model_says(lead)
    assert overriding.cadence(desk.world.services, desk.tenant) is None


def test_the_newest_word_counts_and_the_former_ends(desk: Desk) -> None:
    lead, record = low(desk)
    overriding.set_by_hand(desk.world.services, desk.tenant, lead, HOT)
    overriding.set_by_hand(desk.world.services, desk.tenant, lead, replace(HOT, score=Decimal(50), tier=Tier.MEDIUM))
    desk.world.work()
    assert desk.shown(record) == ("50.0", Tier.MEDIUM)
    with desk.world.services.store.reading(desk.tenant) as session:
        assert len(overrides.open_of(session, desk.tenant, lead)) == 1


def test_a_newer_score_that_is_under_way_is_not_lost(desk: Desk) -> None:
    """What was scored as of a later instant comes after the word: it is kept, and told as the word says."""
    lead, record = low(desk)
    services, row = desk.world.services, desk.score(lead)
    later = row.as_of + timedelta(seconds=1)
    desk.world.clock.sleep(60)
    overriding.set_by_hand(services, desk.tenant, lead, HOT)
    assert desk.score(lead).as_of == row.as_of
    with services.store.reading(desk.tenant) as session:
        assert scores.overtaken(session, [lead], later) == set()
    desk.refresh(0.001)
    assert desk.score(lead).as_of > row.as_of
    assert desk.shown(record) == ("99.5", Tier.HIGH_INTENT)


def test_own_systems_are_told_the_word_and_only_once(desk: Desk) -> None:
    """The model's tier may move below it as it likes."""
    services, (lead, _) = desk.world.services, low(desk)
    with services.store.transaction(desk.tenant) as session:
        webhook_endpoints.add(
            session, Endpoint(uuid4(), desk.tenant, "https://hooks.example.com", "", desk.now, desk.now)
        )

    def tiers() -> list[str]:
        with services.store.reading(desk.tenant) as session:
            rows = session.execute(sa.select(webhook_events.c.data).where(webhook_events.c.lead_id == lead)).scalars()
            return [data["tier"] for data in rows]

    overriding.set_by_hand(services, desk.tenant, lead, HOT)
    assert tiers() == [Tier.HIGH_INTENT]
    desk.refresh()
    assert tiers() == [Tier.HIGH_INTENT]
    overriding.release(services, desk.tenant, lead)
    assert sorted(tiers()) == sorted([Tier.HIGH_INTENT, desk.score(lead).tier])


def test_the_word_follows_a_record_that_is_merged(desk: Desk) -> None:
    """Its CRM says that the person is another one: they are who was meant."""
    services = desk.world.services
    (one, loser), (other, survivor) = desk.leads()[:2]
    overriding.set_by_hand(services, desk.tenant, one, HOT)
    gone = Page(cursor={}, drained=True, removals=(Removal(loser, desk.now, merged_into=survivor),))
    with services.store.transaction(desk.tenant) as session:
        sync.store_page(session, AtOnce(services, desk.tenant, desk.account.id), gone, desk.now)
    with services.store.transaction(desk.tenant) as session:
        identity.conclude(services, session, desk.tenant)
    desk.refresh()
    assert desk.shown(survivor) == ("99.5", Tier.HIGH_INTENT)
    assert overriding.release(services, desk.tenant, other)


def test_the_word_stays_when_its_record_goes_by_its_time(desk: Desk) -> None:
    """As long as the person has another one."""
    services, ((lead, _), (_, second)) = desk.world.services, desk.leads()[:2]
    overriding.set_by_hand(services, desk.tenant, lead, HOT)
    r = records_table.c
    with services.store.transaction(desk.tenant) as session:
        session.execute(sa.update(records_table).where(r.vendor_id == second).values(lead_id=lead))
        first = session.execute(sa.select(sa.func.min(r.id)).where(r.lead_id == lead)).scalar_one()
        session.execute(sa.update(records_table).where(r.id == first).values(removed_at=desk.now))
        retention.archived(session, desk.tenant, desk.now + timedelta(days=1), 10, lambda _row: ())
        assert [item.lead_id for item in overrides.of_tenant(session, desk.tenant)] == [lead]


def test_a_person_sees_it_and_takes_it_along(desk: Desk) -> None:
    """What was written of them stands without what names anybody; an erasure leaves nothing of it."""
    services, (lead, _) = desk.world.services, low(desk)
    overriding.set_by_hand(services, desk.tenant, lead, HOT)
    told = held_of(services, desk.tenant, lead, "test")
    assert told
    (said,) = told["Scores that were set by hand"]
    assert (said["tier"], said["score"], said["note"]) == (Tier.HIGH_INTENT, "99.5", "Ring about pumps")
    assert erasing.ask_for_lead(services, desk.tenant, lead, "test")
    desk.sweep_erasures()
    with services.store.reading(desk.tenant) as session:
        assert session.execute(sa.select(overrides_table)).all() == []
    assert all(body is None for _, body in desk.entries(lead))


def test_who_is_held_out_is_not_set(desk: Desk) -> None:
    """Else the experiment's arms would not be what was drawn."""
    services, (lead, record) = desk.world.services, low(desk)
    with services.store.transaction(desk.tenant) as session:
        session.execute(sa.delete(outbox_table))
        session.execute(
            sa.insert(experiments_table),
            {
                "id": desk.tenant,
                "tenant_id": desk.tenant,
                "share": Decimal("0.5"),
                "key": "k",
                "goal": "deal_won",
                "horizon_days": 30,
                "planned_leads": 9,
                "plan": {},
                "begun_at": datetime(2000, 1, 1, tzinfo=UTC),
                "looks": [],
            },
        )
        session.execute(
            sa.insert(experiment_leads),
            {
                "experiment_id": desk.tenant,
                "lead_id": lead,
                "tenant_id": desk.tenant,
                "unit": "u",
                "treated": False,
                "added_at": desk.now,
            },
        )
    before = desk.entries(lead)
    with pytest.raises(RejectedInput, match="held out"):
        overriding.set_by_hand(services, desk.tenant, lead, HOT)
    assert desk.entries(lead) == before
    conducting.end(services, desk.tenant)
    overriding.set_by_hand(services, desk.tenant, lead, HOT)
    desk.world.work()
    assert desk.shown(record) == ("99.5", Tier.HIGH_INTENT)


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"tier": "Best"}, "Choose a tier"),
        ({"tier": "Low", "score": "101"}, "from 0 to 100"),
        ({"tier": "Low", "score": "-1"}, "from 0 to 100"),
        ({"tier": "Low", "score": "1e2"}, "from 0 to 100"),
        ({"tier": "Low", "until": "2026-02-30"}, "must be a date"),
        ({"tier": "Low", "until": "tomorrow"}, "must be a date"),
        ({"tier": "Low", "until": "2026-02-01"}, "within the coming year"),
        ({"tier": "Low", "until": "2036-02-01"}, "within the coming year"),
        ({"tier": "Low"}, "Choose a reason"),
        ({"tier": "Low", "reason": "known", "note": "x" * 301}, "300 are allowed"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_a_sentence(desk: Desk, form: dict[str, str], why: str) -> None:
    lead, _ = low(desk)
    with pytest.raises(RejectedInput, match=why):
        overriding.set_by_hand(desk.world.services, desk.tenant, lead, read_wish(form))


def test_a_lead_without_a_score_can_not_be_set(desk: Desk) -> None:
    with pytest.raises(RejectedInput, match="has no score"):
        overriding.set_by_hand(desk.world.services, desk.tenant, 10_000_000, HOT)


def test_a_last_day_holds_to_its_end(desk: Desk) -> None:
    assert read_wish({"tier": "Low", "until": "2026-03-31"}).until == datetime(2026, 4, 1, tzinfo=UTC)
    assert read_wish({"tier": "Low", "score": "87.5"}).score == Decimal("87.5")
