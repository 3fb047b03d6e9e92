"""What a card inside a CRM says, in words that a rep reads without a manual."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connector.records import EventKind, Tier
from connector.services.card_changes import Change, Steady
from connector.services.cards import BUYERS_ACTIONS, Action, ByHand, Card
from connector.web import card_words

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CARD = Card(
    lead_id=7,
    score=Decimal("67.3"),
    tier=Tier.HIGH_INTENT,
    probability=0.25,
    low=0.191,
    high=0.312,
    too_little_known=False,
    reasons=("Clicked 4 e-mails in 30 days",),
    by_hand=None,
    change=None,
    last_action=None,
    data_as_of=AT,
    scored_at=AT,
    stale=False,
    model="model_v20260301",
    entry=12,
)
UP = Change(Decimal("41.0"), Decimal("67.3"), Tier.MEDIUM, AT - timedelta(days=26), ("Overall activity",), False)


def test_the_chance_is_told_in_words_and_the_interval_as_what_it_is() -> None:
    told = card_words.shown(CARD)["chance"]
    assert told["words"] == "About 1 in 4 such leads convert"
    assert told["percent"] == "25 %"
    assert told["interval"] == "Of leads that scored alike, between 19 % and 31 % converted"
    assert card_words.shown(replace(CARD, low=None, high=None))["chance"]["interval"] is None


def test_zero_is_a_score() -> None:
    assert card_words.shown(replace(CARD, score=Decimal(0)))["score"] == "0.0"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (None, "This is the first score."),
        (Steady(AT), "The model's score has not moved since 1 Mar 2026."),
        (UP, "The model's score: up from 41.0 to 67.3 since 3 Feb 2026, by overall activity."),
        (
            replace(UP, before=Decimal(90), concepts=("Age of the lead", "Role")),
            "The model's score: down from 90.0 to 67.3 since 3 Feb 2026, by age of the lead and role.",
        ),
        (replace(UP, concepts=()), "The model's score: up from 41.0 to 67.3 since 3 Feb 2026."),
        (
            replace(UP, concepts=(), other_model=True),
            "The model's score: up from 41.0 to 67.3 since 3 Feb 2026. "
            "Another model scores since, so part of that may be the model's.",
        ),
        (
            replace(UP, before=Decimal("67.3"), concepts=()),
            "The model's score is 67.3 as before, but it was Medium on 3 Feb 2026.",
        ),
    ],
)
def test_what_changed_is_one_sentence(change: Change | Steady | None, sentence: str) -> None:
    assert card_words.shown(replace(CARD, change=change))["change"] == sentence


def test_whatever_a_buyer_does_can_be_said_without_its_details() -> None:
    """No form, subject or page is named."""
    for kind in BUYERS_ACTIONS:
        told = card_words.shown(replace(CARD, last_action=Action(kind, AT)))["last_action"]
        assert "{" not in told["words"]
        assert told["at"] == "2026-03-01T12:00:00+00:00"
    clicked = replace(CARD, last_action=Action(EventKind.EMAIL_CLICKED, AT))
    assert card_words.shown(clicked)["last_action"]["words"] == "Clicked a link in an e-mail"


def test_a_word_without_an_end_names_none() -> None:
    word = ByHand(Decimal("12.0"), Tier.LOW, AT, None)
    told = card_words.shown(replace(CARD, by_hand=word))
    assert told["state"] == "set_by_hand"
    assert told["by_hand"]["sentence"] == "Set by hand by your team on 1 Mar 2026. The model says 12.0 (Low)."
