"""What a rep is told beside a record: what the fields hold, why, what changed, and nothing that may not be shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Actor, EngagementEvent, EventKind, Page, Removal, Tier
from connector.services import cards, publication, sync
from connector.services.card_changes import Change, Steady
from connector.services.cards import NoScore, UnknownRecord, Why
from connector.services.feedback import excluding, overriding
from connector.services.feedback.rating import Thumb
from connector.services.privacy import objecting
from connector.services.publication import Choice
from connector.services.values import NEAR_AVERAGE
from connector.store import feedback, ledger, outbox, records
from connector.store.exclusions import Kind
from connector.store.session import open_store
from connector.store.tables import experiment_leads, experiments, scores
from connector.store.tables import outbox as outbox_table
from connector.store.tables import records as records_table
from connector.store.tenants import Delivery, Overwritten
from tests import databases
from tests.services.copies import copied
from tests.services.delivering import AtOnce
from tests.services.feedback.desk import Desk
from tests.world import World

GOOD = Thumb(good=True, reason="fits")


class Seats(Desk):
    """A desk whose leads keep their places when some lose their scores."""

    @cached_property
    def seats(self) -> list[tuple[int, str]]:
        """The leads that have a score when first asked."""
        return self.leads()


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def desk(
    request: pytest.FixtureRequest, feedback_world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seats]:
    """One for all tests: each has a lead of its own, and sets the clock and the tenant's settings back."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            url = databases.sqlite_url(tmp_path_factory.mktemp("cards") / "cards.db")
        else:
            url = stack.enter_context(databases.postgres_database(request.getfixturevalue("postgres_url")))
        store = open_store(url)
        stack.callback(store.close)
        made = Seats(copied(feedback_world, store))
        assert len(made.seats) > 25
        yield made


@pytest.fixture(autouse=True)
def same_time(desk: Seats) -> Iterator[None]:
    """Whoever moves the clock sets it back."""
    at = desk.now
    yield
    desk.world.clock.at = at


def card(desk: Seats, record: str) -> cards.Card:
    """What a rep sees."""
    return cards.read(desk.world.services, desk.tenant, desk.account.id, record)


def why(desk: Seats, record: str) -> Why:
    """Why a rep sees no score."""
    with pytest.raises(NoScore) as refused:
        card(desk, record)
    assert str(refused.value)
    return refused.value.why


def enter(desk: Seats, lead: int, **other: Any) -> None:
    """Let the ledger say that the lead had another score yesterday and has the current one since."""
    with desk.world.services.store.transaction(desk.tenant) as session:
        newest = ledger.newest(session, desk.tenant, "scored", lead, None)
        assert newest
        assert newest.body
        entries = [ledger.Entry("scored", lead, {**newest.body, **other}), ledger.Entry("scored", lead, newest.body)]
        ledger.append(session, desk.tenant, entries, desk.now - timedelta(days=1))


def body(desk: Seats, lead: int) -> Mapping[str, Any]:
    """What the ledger says of the current score."""
    return next(told for kind, told in desk.entries(lead) if kind == "scored" and told)


def test_it_tells_what_the_crm_holds_and_why(desk: Seats) -> None:
    """The fields' values, the model's interval, three reasons at most, how old all that is."""
    for lead, record in desk.seats[:20]:
        found, held = card(desk, record), body(desk, lead)
        assert (str(found.score), found.tier) == desk.shown(record)
        assert found.low == held["low"]
        assert found.high == held["high"]
        assert found.too_little_known is held["little_known"]
        assert found.low is not None
        assert found.high is not None
        assert found.low <= found.probability <= found.high
        assert 0 < len(found.reasons) <= cards.MOST_REASONS
        assert set(found.reasons) <= ({reason["sentence"] for reason in held["reasons"]} or {NEAR_AVERAGE})
        assert found.data_as_of == desk.score(lead).as_of
        assert found.change is None
        assert found.by_hand is None
        assert not found.stale


def test_the_weightiest_reasons_are_told_in_their_order(desk: Seats) -> None:
    lead, record = desk.seats[1]
    weights = (0.2, 0.1, 0.9, -0.05, -0.7)
    reasons = [{"sentence": f"Reason {n}", "contribution": w, "concept": str(n)} for n, w in enumerate(weights)]
    with desk.world.services.store.transaction(desk.tenant) as session:
        session.execute(sa.update(scores).where(scores.c.lead_id == lead).values(reasons=reasons))
    assert card(desk, record).reasons == ("Reason 0", "Reason 2", "Reason 4")


def test_a_score_of_zero_is_a_score(desk: Seats) -> None:
    lead, record = desk.seats[2]
    with desk.world.services.store.transaction(desk.tenant) as session:
        session.execute(sa.update(scores).where(scores.c.lead_id == lead).values(score=Decimal("0.0")))
    assert card(desk, record).score == 0


def test_what_changed_names_the_last_score_that_differs_and_what_moved(desk: Seats) -> None:
    """The concepts that pushed the score where it went, the weightiest first; others are not told."""
    lead, record = desk.seats[3]
    now = body(desk, lead)
    former = {part["concept"]: part["contribution"] for part in now["contributions"]}
    first, second = list(former)[:2]
    parts = [
        {"concept": first, "contribution": former[first] - 0.5},
        {"concept": second, "contribution": former[second] + 0.9},
        {"concept": "Something of before", "contribution": -1.0},
    ]
    enter(desk, lead, score=str(Decimal(now["score"]) - 20), contributions=parts)
    found = card(desk, record).change
    assert isinstance(found, Change)
    assert found.after - found.before == 20
    assert found.until == desk.now - timedelta(days=1)
    assert found.concepts == ("Something of before", first)
    assert not found.other_model


def test_what_moved_against_the_score_is_not_told(desk: Seats) -> None:
    """A score went up although one concept fell: that one did not raise it."""
    lead, record = next(seat for seat in desk.seats[20:-4] if body(desk, seat[0])["contributions"])
    now = body(desk, lead)
    parts = [{**part, "contribution": part["contribution"] + 0.9} for part in now["contributions"][:1]]
    enter(desk, lead, score=str(Decimal(now["score"]) - 20), contributions=[*parts, *now["contributions"][1:]])
    found = card(desk, record).change
    assert isinstance(found, Change)
    assert found.after - found.before == 20
    assert found.concepts == ()


def test_of_another_models_score_no_concept_is_blamed(desk: Seats) -> None:
    lead, record = desk.seats[4]
    enter(desk, lead, score="99.0", tier=Tier.HIGH_INTENT, model="model_v20260201", contributions=[])
    found = card(desk, record).change
    assert isinstance(found, Change)
    assert (found.before, found.tier_before) == (Decimal(99), Tier.HIGH_INTENT)
    assert (found.concepts, found.other_model) == ((), True)


def test_less_than_a_step_is_no_change(desk: Seats) -> None:
    lead, record = desk.seats[5]
    enter(desk, lead, score=str(Decimal(body(desk, lead)["score"]) + Decimal("0.9")))
    found = card(desk, record).change
    assert isinstance(found, Steady)
    assert found.since == desk.now


def test_the_last_action_is_the_buyers_own_and_past(desk: Seats) -> None:
    """Not what sellers or machines did, not what lies ahead, and no word of what it was about."""
    _, record = desk.seats[6]
    late = desk.now - timedelta(minutes=1)
    happened = (
        (EventKind.FORM_SUBMITTED, Actor.LEAD, desk.now - timedelta(hours=2)),
        (EventKind.EMAIL_OPENED, Actor.MACHINE, late),
        (EventKind.CALL, Actor.SELLER, late),
        (EventKind.EMAIL_SENT, Actor.LEAD, late),
        (EventKind.MEETING, Actor.LEAD, desk.now + timedelta(days=1)),
    )
    told = tuple(
        EngagementEvent("x", str(n), kind, at, actor, record, detail="About Ann")
        for n, (kind, actor, at) in enumerate(happened)
    )
    with desk.world.services.store.transaction(desk.tenant) as session:
        page = Page(cursor={}, drained=True, events=told)
        sync.store_page(session, AtOnce(desk.world.services, desk.tenant, desk.account.id), page, desk.now)
    assert card(desk, record).last_action == cards.Action(EventKind.FORM_SUBMITTED, desk.now - timedelta(hours=2))


def test_old_data_are_called_old(desk: Seats) -> None:
    _, record = desk.seats[7]
    desk.world.clock.sleep(cards.STALE_AFTER.total_seconds())
    assert not card(desk, record).stale
    desk.world.clock.sleep(1)
    assert card(desk, record).stale


def test_a_score_that_is_set_by_hand_is_told_as_such(desk: Seats) -> None:
    lead, record = desk.seats[8]
    model = desk.score(lead)
    wish = overriding.Wish(Tier.HIGH_INTENT, Decimal("99.5"), "strategic", until=desk.now + timedelta(days=2))
    overriding.set_by_hand(desk.world.services, desk.tenant, lead, wish)
    found = card(desk, record)
    assert (found.score, found.tier) == (Decimal("99.5"), Tier.HIGH_INTENT)
    assert found.by_hand == cards.ByHand(model.score, Tier(model.tier), desk.now, wish.until)
    assert found.reasons == ("Set by hand: a strategic account",)
    assert found.probability == float(model.probability)
    desk.world.clock.sleep(2 * 86_400)
    assert card(desk, record).by_hand is None


def test_who_may_not_be_scored_or_told_of_has_no_card(desk: Seats) -> None:
    """Each for its own reason, in a sentence for the rep."""
    services, tenant = desk.world.services, desk.tenant
    (first, one), (second, two) = desk.seats[-2:]
    excluding.exclude(services, tenant, excluding.Wish(Kind.LEAD, "competitor", lead_id=first))
    objecting.object_to_profiling(services, tenant, second, "test", clear=False)
    assert why(desk, one) is Why.LEFT_OUT
    assert why(desk, two) is Why.OBJECTED


def test_nothing_is_told_before_the_admin_approved(desk: Seats) -> None:
    """Neither in a dry run, nor of records beyond the first ones."""
    (_, record), (_, other) = desk.seats[-4:-2]
    with desk.world.services.store.transaction(desk.tenant) as session:
        session.execute(
            sa.update(outbox_table).values(delivered_at=None).where(outbox_table.c.record_id == _id(desk, other))
        )
        assert not outbox.was_written(session, _id(desk, other))
    for delivery in (Delivery.DRY_RUN, Delivery.APPROVE):
        publication.choose(desk.world.services, desk.tenant, Choice(delivery, None, None, Overwritten.RESTORE))
        assert why(desk, record) is Why.NOT_PUBLISHED
    publication.approve(desk.world.services, desk.tenant, desk.account.id, 1)
    assert card(desk, record)
    assert why(desk, other) is Why.NOT_PUBLISHED
    publication.release(desk.world.services, desk.tenant, desk.account.id)
    assert card(desk, other)
    publication.choose(desk.world.services, desk.tenant, Choice(Delivery.ON, None, None, Overwritten.RESTORE))


def _id(desk: Seats, record: str) -> int:
    with desk.world.services.store.reading(desk.tenant) as session:
        found = records.named(session, desk.tenant, desk.account.id, record)
    assert found
    return int(found.id)


def test_who_is_held_out_of_an_experiment_is_not_shown(desk: Seats) -> None:
    """As if the fields were empty, which they are; the sentence names no experiment."""
    lead, record = desk.seats[11]
    held = {"treated": False, "unit": "u", "added_at": desk.now, "hot_at": None, "tenant_id": desk.tenant}
    assert card(desk, record)
    begin(desk, lead, held)
    with pytest.raises(NoScore, match="No score is shown") as refused:
        card(desk, record)
    assert refused.value.why is Why.NOT_SHOWN


def begin(desk: Seats, lead: int, arm: Mapping[str, Any]) -> None:
    """Let a holdout run that holds a lead out, who was never written to."""
    experiment = uuid4()
    row = {
        "id": experiment,
        "tenant_id": desk.tenant,
        "kind": "holdout",
        "share": Decimal("0.5"),
        "key": "k",
        "goal": "deal_won",
        "horizon_days": 90,
        "planned_leads": 10,
        "plan": {},
        "begun_at": desk.now,
        "looks": [],
    }
    with desk.world.services.store.transaction(desk.tenant) as session:
        mine = sa.select(records_table.c.id).where(records_table.c.lead_id == lead)
        session.execute(sa.delete(outbox_table).where(outbox_table.c.record_id.in_(mine)))
        session.execute(sa.insert(experiments), row)
        session.execute(sa.insert(experiment_leads), {**arm, "experiment_id": experiment, "lead_id": lead})


def test_who_is_no_longer_open_is_told_so(desk: Seats) -> None:
    """A later pass over everybody passed the lead by: what it scored last is not its score now."""
    lead, record = desk.seats[12]
    with desk.world.services.store.transaction(desk.tenant) as session:
        before = desk.now - timedelta(days=1)
        session.execute(sa.update(scores).where(scores.c.lead_id == lead).values(as_of=before))
    assert why(desk, record) is Why.ENDED


def test_unknown_and_archived_records_are_not_there(desk: Seats) -> None:
    _, record = desk.seats[13]
    gone = Page(cursor={}, drained=True, removals=(Removal(record, desk.now),))
    with desk.world.services.store.transaction(desk.tenant) as session:
        sync.store_page(session, AtOnce(desk.world.services, desk.tenant, desk.account.id), gone, desk.now)
    for name in (record, "no-such-record", "", "1\x00"):
        with pytest.raises(UnknownRecord):
            card(desk, name)


def test_a_lead_without_a_score_is_not_scored_yet(desk: Seats) -> None:
    lead, record = desk.seats[14]
    with desk.world.services.store.transaction(desk.tenant) as session:
        session.execute(sa.delete(scores).where(scores.c.lead_id == lead))
    assert why(desk, record) is Why.NOT_SCORED


def test_a_thumb_is_kept_once_however_often_it_is_sent(desk: Seats) -> None:
    """By the same user of the same score; others, another reason, and a note that comes later are heard."""
    services = desk.world.services
    lead, record = desk.seats[15]

    def say(by: str, said: Thumb) -> int:
        return cards.thumb(services, desk.tenant, desk.account.id, record, by, said)

    first = say("CRM user 7", GOOD)
    assert say("CRM user 7", GOOD) == first
    assert len({first, say("CRM user 8", GOOD), say("CRM user 7", Thumb(good=False, reason="no_need"))}) == 3
    with services.store.reading(desk.tenant) as session:
        kept = feedback.of_leads(session, desk.tenant, [lead])
        assert ledger.verify(session, desk.tenant).good
    assert [(row.author, row.good) for row in kept] == [
        ("CRM user 7", False),
        ("CRM user 8", True),
        ("CRM user 7", True),
    ]
    noted = say("CRM user 7", replace(GOOD, note="Nice talk"))
    assert noted > first
    assert say("CRM user 7", replace(GOOD, note="Nice talk")) == noted
    enter(desk, lead)
    assert say("CRM user 7", GOOD) > noted


def test_of_what_is_not_shown_nothing_can_be_said(desk: Seats) -> None:
    services, (lead, record) = desk.world.services, desk.seats[16]
    with pytest.raises(RejectedInput, match="reason"):
        cards.thumb(services, desk.tenant, desk.account.id, record, "CRM user 7", replace(GOOD, reason="no_need"))
    excluding.exclude(services, desk.tenant, excluding.Wish(Kind.LEAD, "competitor", lead_id=lead))
    with pytest.raises(NoScore):
        cards.thumb(services, desk.tenant, desk.account.id, record, "CRM user 7", GOOD)
