"""Thumbs: whose, on which score, why; kept as they are until the person is forgotten."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.errors import RejectedInput
from connector.records import Page, Removal
from connector.services import acts, sync
from connector.services.feedback import doubting
from connector.services.feedback.rating import Thumb, rate
from connector.services.privacy import erasing, retention
from connector.services.privacy.held import held_of
from connector.store import feedback, ledger
from tests.services.delivering import AtOnce
from tests.services.feedback.desk import Desk


def test_a_thumb_says_of_which_score_it_speaks(everywhere: Desk) -> None:
    """In the ledger word for word, without what names anybody; and in figures to be counted."""
    desk = everywhere
    services, (lead, _) = desk.world.services, desk.leads()[0]
    with acts.asked_by("Rita"):
        seq = rate(
            services, desk.tenant, lead, Thumb(good=False, reason="wrong_data", note="Left, ask p@x.com or 12345")
        )
    kind, body = desk.entries(lead)[0]
    scored = next(told for of, told in desk.entries(lead) if of == "scored")
    row = desk.score(lead)
    assert kind == "feedback"
    assert body
    assert scored
    assert (body["by"], body["thumb"], body["reason"]) == ("Rita", "down", "wrong_data")
    assert body["note"] == "Left, ask or"
    assert (body["score"], body["tier"], body["model"]) == (str(row.score), row.tier, row.model)
    with services.store.reading(desk.tenant) as session:
        (kept,) = feedback.of_tenant(session, desk.tenant)
        (told,) = ledger.entries_of(session, desk.tenant, "scored", [kept.scored_seq])
        assert ledger.verify(session, desk.tenant).broken_at is None
    assert told.body == scored
    assert (kept.seq, kept.lead_id, kept.good, kept.probability, kept.author) == (
        seq,
        lead,
        False,
        row.probability,
        "Rita",
    )


def test_several_may_speak_and_nothing_is_overwritten(desk: Desk) -> None:
    services, (lead, _) = desk.world.services, desk.leads()[0]
    for good in (True, False, True):
        rate(services, desk.tenant, lead, Thumb(good, "fits" if good else "other"))
    with services.store.reading(desk.tenant) as session:
        assert [row.good for row in feedback.of_leads(session, desk.tenant, [lead])] == [True, False, True]


def test_who_is_forgotten_takes_the_thumbs_along(desk: Desk) -> None:
    """Until then they are among what is held of them; others' stay."""
    services, ((lead, _), (other, _)) = desk.world.services, desk.leads()[:2]
    for one in (lead, other):
        rate(services, desk.tenant, one, Thumb(good=True, reason="talked", note="Nice talk"))
    told = held_of(services, desk.tenant, lead, "test")
    assert told
    assert "Nice talk" in str(told["What was recorded of scores"])
    assert erasing.ask_for_lead(services, desk.tenant, lead, "test")
    desk.sweep_erasures()
    with services.store.reading(desk.tenant) as session:
        assert [row.lead_id for row in feedback.of_tenant(session, desk.tenant)] == [other]
    assert "Nice talk" not in str(desk.entries(lead))


def test_a_thumb_goes_with_what_the_ledger_says_of_who_left(desk: Desk) -> None:
    """Once no CRM has the person any more and the time of that is over, neither a day before."""
    services, (lead, record) = desk.world.services, desk.leads()[0]
    rate(services, desk.tenant, lead, Thumb(good=True, reason="talked"))
    gone = Page(cursor={}, drained=True, removals=(Removal(record, desk.now),))
    with services.store.transaction(desk.tenant) as session:
        sync.store_page(session, AtOnce(services, desk.tenant, desk.account.id), gone, desk.now)
    keeping, begun = services.keeping, desk.now

    def kept() -> int:
        retention.purge(services, desk.tenant)
        with services.store.reading(desk.tenant) as session:
            return len(feedback.of_tenant(session, desk.tenant))

    desk.world.clock.at = begun + keeping.archived + timedelta(days=1)
    assert kept() == 1
    desk.world.clock.at = begun + keeping.ended
    assert kept() == 1
    desk.world.clock.at += timedelta(days=1)
    assert kept() == 0


@pytest.mark.parametrize(
    "thumb",
    [Thumb(good=True, reason="wrong_data"), Thumb(good=False, reason="fits"), Thumb(good=False, reason="")],
)
def test_a_reason_is_one_of_its_thumb(desk: Desk, thumb: Thumb) -> None:
    with pytest.raises(RejectedInput, match="Choose a reason"):
        rate(desk.world.services, desk.tenant, desk.leads()[0][0], thumb)


def test_what_can_not_be_said_is_refused(desk: Desk) -> None:
    """Of nobody, and at length."""
    with pytest.raises(RejectedInput, match="has no score"):
        rate(desk.world.services, desk.tenant, 10_000_000, Thumb(good=True, reason="fits"))
    with pytest.raises(RejectedInput, match="300 are allowed"):
        rate(desk.world.services, desk.tenant, desk.leads()[0][0], Thumb(good=True, reason="fits", note="x" * 301))


def test_whom_the_newest_thumb_doubts_is_told_to_the_training(desk: Desk) -> None:
    """By a reason that speaks of the lead's data, not of the deal; who thinks better of it is doubted no more."""
    services, (first, second, third) = desk.world.services, [lead for lead, _ in desk.leads()[:3]]
    for lead, reason in ((first, "not_a_lead"), (second, "wrong_data"), (third, "no_need")):
        rate(services, desk.tenant, lead, Thumb(False, reason))
    desk.world.clock.sleep(60)
    rate(services, desk.tenant, second, Thumb(True, "fits"))
    with services.store.reading(desk.tenant) as session:
        assert doubting.doubts(session, desk.tenant) == [(first, desk.now - timedelta(seconds=60))]
