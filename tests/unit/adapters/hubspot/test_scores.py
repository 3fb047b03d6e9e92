"""Score values as HubSpot stores them, and field definitions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.hubspot.fields import company_field, contact_field, readable
from connector.adapters.hubspot.score_fields import DEFAULT_NAMES, DEFINITIONS
from connector.adapters.hubspot.score_values import REASONS_LENGTH, as_rendered, rendered
from connector.records import FieldRole, FieldType, ScoreValues, Tier

AT = datetime(2026, 2, 1, 8, tzinfo=UTC)


def values(score: str = "87.0", reasons: tuple[str, ...] = ("Opened 3 e-mails.",)) -> ScoreValues:
    """Return score values."""
    return ScoreValues(Decimal(score), Decimal("0.12345"), Tier.HIGH_INTENT, reasons, "model_v20260201", AT)


def test_values_are_rendered_without_trailing_zeros_and_with_milliseconds() -> None:
    """The spelling that HubSpot takes and gives back."""
    assert rendered(values()) == {
        "lead_score": "87",
        "lead_score_probability": "0.1234",
        "lead_score_tier": "High-Intent",
        "lead_score_reasons": "Opened 3 e-mails.",
        "lead_score_model": "model_v20260201",
        "lead_score_updated_at": "2026-02-01T08:00:00.000Z",
    }


@given(st.decimals(0, 100, places=1), st.lists(st.text(min_size=1, max_size=300), max_size=6))
def test_what_is_written_reads_back_equal(score: Decimal, reasons: list[str]) -> None:
    """Read-back in HubSpot's own spelling equals what was rendered."""
    wrote = rendered(values(str(score), tuple(reasons)))
    assert len(wrote["lead_score_reasons"]) <= REASONS_LENGTH
    held = {**wrote, "lead_score_updated_at": "2026-02-01T08:00:00Z", "lead_score": str(score)}
    filled = {name: text for name, text in wrote.items() if text}
    assert as_rendered(held, DEFAULT_NAMES) == filled


def test_a_value_that_a_person_typed_over_is_read_as_it_is() -> None:
    """Drift is seen, not hidden."""
    assert as_rendered({"lead_score": "n/a", "lead_score_updated_at": "soon"}, DEFAULT_NAMES) == {
        "lead_score": "n/a",
        "lead_score_updated_at": "soon",
    }


def test_the_six_fields_carry_the_three_tiers() -> None:
    """Names are part of the contract with the customer's lists and workflows."""
    assert list(DEFINITIONS) == [
        "lead_score",
        "lead_score_probability",
        "lead_score_tier",
        "lead_score_reasons",
        "lead_score_model",
        "lead_score_updated_at",
    ]
    assert [option["value"] for option in DEFINITIONS["lead_score_tier"]["options"]] == ["High-Intent", "Medium", "Low"]


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("lifecyclestage", "system"),
        ("hs_lead_status", "system"),
        ("hubspot_owner_id", "system"),
        ("closedate", "system"),
        ("recent_deal_amount", "system"),
        ("num_associated_deals", "system"),
        ("hs_date_entered_customer", "system"),
        ("hs_v2_date_entered_lead", "system"),
        ("hs_lifecyclestage_lead_date", "system"),
        ("hs_sales_email_last_opened", "system"),
        ("notes_last_contacted", "system"),
        ("hs_lastmodifieddate", "system"),
        ("firstname", "personal"),
        ("email", "personal"),
        ("phone", "personal"),
        ("address", "personal"),
        ("hs_object_id", "personal"),
        ("lead_score", "own"),
        ("jobtitle", None),
        ("hs_analytics_num_page_views", None),
        ("hs_email_open", None),
        ("country", None),
        ("ip_country", None),
        ("createdate", None),
        ("total_revenue_estimate_of_ours", None),
    ],
)
def test_fields_are_marked_by_what_they_mean(name: str, mark: str | None) -> None:
    """System fields mean the outcome or the process, personal ones the person."""
    found = contact_field({"name": name, "type": "string"}, frozenset(DEFINITIONS))
    assert [word for word in ("system", "personal", "own") if getattr(found, word)] == ([mark] if mark else [])


def test_the_source_of_a_contact_is_known_as_such() -> None:
    """Leads are compared with others of the same source."""
    found = contact_field({"name": "hs_analytics_source", "type": "enumeration"}, frozenset(DEFINITIONS))
    assert found.role is FieldRole.SOURCE


@pytest.mark.parametrize(
    ("type_", "field_type", "expected"),
    [
        ("number", "number", FieldType.NUMBER),
        ("datetime", "date", FieldType.DATE),
        ("enumeration", "checkbox", FieldType.MULTI),
        ("enumeration", "booleancheckbox", FieldType.BOOLEAN),
        ("enumeration", "select", FieldType.CATEGORY),
        ("string", "textarea", FieldType.TEXT),
        ("a_new_type", "a_new_field", FieldType.TEXT),
    ],
)
def test_types_are_translated_by_table(type_: str, field_type: str, expected: FieldType) -> None:
    """An unknown type is text."""
    assert contact_field({"name": "x", "type": type_, "fieldType": field_type}, frozenset()).type is expected


def test_values_that_end_a_leads_candidacy_are_named() -> None:
    """Customers, disqualified, opted out and bounced ones are not in the population."""
    options = [{"value": "UNKNOWN_USER"}, {"value": "OTHER"}]
    bounce = contact_field({"name": "hs_email_hard_bounce_reason_enum", "options": options}, frozenset())
    assert bounce.excludes == {"UNKNOWN_USER": "bounced", "OTHER": "bounced"}
    assert contact_field({"name": "lifecyclestage"}, frozenset()).excludes["customer"] == "customer"
    assert contact_field({"name": "hs_lead_status"}, frozenset()).excludes == {"UNQUALIFIED": "disqualified"}
    assert contact_field({"name": "hs_email_optout"}, frozenset()).excludes == {"true": "opted out"}


def test_sensitive_properties_are_left_out() -> None:
    """The scopes for them are not asked for."""
    assert not readable({"name": "illness", "dataSensitivity": "highly_sensitive"})
    assert readable({"name": "country", "dataSensitivity": "non_sensitive"})


def test_a_companys_field_is_marked_and_named_as_such() -> None:
    """It can't be mistaken for the contact's."""
    found = company_field({"name": "industry", "label": "Industry", "type": "enumeration", "fieldType": "select"})
    assert (found.name, found.company) == ("company.industry", True)
