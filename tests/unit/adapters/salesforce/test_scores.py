"""Score values in Salesforce's spelling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.score_values import DEFAULT_NAMES, as_json, as_rendered, rendered
from connector.records import ScoreValues, Tier

DAY = datetime(2026, 3, 2, 9, tzinfo=UTC)

VALUES = st.builds(
    ScoreValues,
    score=st.integers(0, 1000).map(lambda tenth: Decimal(tenth) / 10),
    probability=st.integers(0, 10_000).map(lambda part: Decimal(part) / 10_000),
    tier=st.sampled_from(Tier),
    reasons=st.lists(st.text("abc é", min_size=1, max_size=300), min_size=1, max_size=5).map(tuple),
    model=st.just("model_v20260302"),
    updated_at=st.integers(0, 10**9).map(lambda millis: DAY + timedelta(milliseconds=millis)),
)


@given(VALUES)
def test_what_is_stored_reads_back_as_it_was_rendered(values: ScoreValues) -> None:
    """Salesforce gives numbers as numbers and times with another offset's spelling."""
    stored: dict[str, object] = {}
    for name, value in as_json(values, DEFAULT_NAMES).items():
        if isinstance(value, float):
            stored[name] = Decimal(repr(value))
        else:
            stored[name] = str(value).replace(".000Z", ".000+0000") if name.endswith("At__c") else value
    assert as_rendered(stored, DEFAULT_NAMES) == rendered(values)
    assert len(rendered(values)["lead_score_reasons"]) <= 500


def test_numbers_carry_no_zeros_and_times_whole_seconds() -> None:
    """The same value always has the same text."""
    values = ScoreValues(Decimal("80.0"), Decimal("0.5000"), Tier.LOW, ("A.",), "m", DAY.replace(microsecond=999_999))
    found = rendered(values)
    assert (found["lead_score"], found["lead_score_probability"]) == ("80", "0.5")
    assert found["lead_score_updated_at"] == "2026-03-02T09:00:00.000Z"


def test_only_fields_that_the_org_has_are_sent() -> None:
    """Under the names that they have there."""
    values = ScoreValues(Decimal(1), Decimal(0), Tier.LOW, ("A.",), "m", DAY)
    assert as_json(values, {"lead_score": "ns__Lead_Score__c", "unknown": "X__c"}) == {"ns__Lead_Score__c": 1.0}


def test_what_a_person_typed_over_is_returned_as_it_is() -> None:
    """It differs from what was written, and that is what counts."""
    assert as_rendered({"Lead_Score_Updated_At__c": "soon", "Lead_Score__c": None}, DEFAULT_NAMES) == {
        "lead_score_updated_at": "soon"
    }
