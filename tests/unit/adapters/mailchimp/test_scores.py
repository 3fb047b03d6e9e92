"""What is written: a field that is ours, a whole number, a tag."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp.score_fields import DEFAULT_NAMES, choose, definition
from connector.adapters.mailchimp.score_values import as_rendered, rendered
from connector.adapters.mailchimp.transport import parsed
from connector.records import ScoreValues, Tier

OURS = definition("LEADSCORE")
FREE: list[dict[str, Any]] = [{"tag": "FNAME", "type": "text"}]


def values(score: str, tier: Tier = Tier.LOW) -> ScoreValues:
    """Return a score with its meaning."""
    return ScoreValues(Decimal(score), Decimal("0.5"), tier, (), "model_v20260302", datetime(2026, 3, 2, tzinfo=UTC))


def test_the_field_is_not_public() -> None:
    """A public one stands on the sign-up form, where the contact reads it."""
    assert OURS["public"] is False
    assert OURS["required"] is False
    assert len(OURS["tag"]) <= 10


def test_one_tag_is_chosen_for_all_audiences() -> None:
    """A tag that somebody else has in one audience is taken in none; the one that is ours is kept."""
    foreign = [{"tag": "LEADSCORE", "type": "number", "help_text": "Points of the shop"}]
    assert choose([FREE, FREE]) == "LEADSCORE"
    assert choose([FREE, foreign]) == "LEADSCORE2"
    assert choose([FREE, [definition("LEADSCORE2")]]) == "LEADSCORE2"
    assert choose([foreign, [definition("LEADSCORE")]]) == "LEADSCORE2"


def test_no_tag_left_is_said() -> None:
    """Nothing of somebody else's is overwritten."""
    taken = [{"tag": tag, "type": "text"} for tag in ("LEADSCORE", "LEADSCORE2", "LEADSCORE3", "LEADSCORE4")]
    assert choose([FREE, taken]) is None


@pytest.mark.parametrize(("score", "written"), [("0", "0"), ("79.4", "79"), ("79.5", "80"), ("100", "100")])
def test_scores_are_whole_numbers(score: str, written: str) -> None:
    """Halves go up."""
    assert rendered(values(score), DEFAULT_NAMES)["lead_score"] == written


def test_only_high_intent_has_the_tag() -> None:
    """Any other tier is its absence."""
    told = {tier: rendered(values("50", tier), DEFAULT_NAMES)["lead_score_tier"] for tier in Tier}
    assert told == {Tier.HIGH_INTENT: "High-Intent", Tier.MEDIUM: "", Tier.LOW: ""}


@given(st.decimals(0, 100, places=1), st.sampled_from(Tier), st.sampled_from(["{}", "{}.0", '"{}"', "{}.00"]))
def test_what_is_written_compares_equal_when_read_back(score: Decimal, tier: Tier, spelling: str) -> None:
    """Whatever spelling of a number Mailchimp gives back."""
    told = rendered(values(str(score), tier), DEFAULT_NAMES)
    tags = '[{"name": "high-intent"}]' if tier is Tier.HIGH_INTENT else "[]"
    fields = '{"LEADSCORE": ' + spelling.format(told["lead_score"]) + "}"
    member = parsed('{"merge_fields": ' + fields + ', "tags": ' + tags + "}")
    assert member is not None
    assert as_rendered(member, DEFAULT_NAMES) == told


def test_an_emptied_or_overwritten_score_reads_as_it_is() -> None:
    """A person's own words are not taken for a number."""
    assert as_rendered({"merge_fields": {"LEADSCORE": ""}}, DEFAULT_NAMES) == {"lead_score_tier": ""}
    typed = as_rendered({"merge_fields": {"LEADSCORE": "hot!"}}, DEFAULT_NAMES)
    assert typed["lead_score"] == "hot!"


def test_where_there_was_no_room_for_the_field_the_tag_is_all() -> None:
    """Nothing is expected to be held that was never written."""
    assert rendered(values("90", Tier.HIGH_INTENT), {"lead_score_tier": "High-Intent"}) == {
        "lead_score_tier": "High-Intent"
    }
