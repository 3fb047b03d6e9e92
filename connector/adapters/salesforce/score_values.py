"""Score values ↔ what Salesforce stores."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from connector.adapters.salesforce.values import UnreadableError, iso, moment, money, plain_number, text
from connector.records import ScoreValues

REASONS_LENGTH = 500
"""Characters of the reasons; the field takes 2,000, a person reads far less."""

DEFAULT_NAMES: Mapping[str, str] = {
    "lead_score": "Lead_Score__c",
    "lead_score_probability": "Lead_Score_Probability__c",
    "lead_score_tier": "Lead_Score_Tier__c",
    "lead_score_reasons": "Lead_Score_Reasons__c",
    "lead_score_model": "Lead_Score_Model__c",
    "lead_score_updated_at": "Lead_Score_Updated_At__c",
}
"""Our field name → API name in an org where neither a package nor another's field gives it another one."""

_NUMBERS = frozenset({"lead_score", "lead_score_probability"})
_PLACES = Decimal("0.0001")
SCORE_PLACES = 1


def rendered(values: ScoreValues) -> dict[str, str]:
    """Return our field name → text. Numbers carry no trailing zeros; Salesforce keeps whole seconds."""
    return {
        "lead_score": plain_number(values.number(SCORE_PLACES)),
        "lead_score_probability": plain_number(values.probability.quantize(_PLACES)),
        "lead_score_tier": values.tier.value,
        "lead_score_reasons": _reasons(values.reasons),
        "lead_score_model": values.model,
        "lead_score_updated_at": iso(values.updated_at.replace(microsecond=0)),
    }


def as_json(values: ScoreValues, field_names: Mapping[str, str]) -> dict[str, object]:
    """Return field name in the org → JSON value. A number of four places is the same as a float."""
    stored = rendered(values)
    return {
        name: float(stored[ours]) if ours in _NUMBERS else stored[ours]
        for ours, name in field_names.items()
        if ours in stored
    }


def as_rendered(stored: Mapping[str, object], field_names: Mapping[str, str]) -> dict[str, str]:
    """Return our field name → what Salesforce holds, in the spelling of :func:`rendered`.

    A value that a person typed over is returned as it is.
    """
    held = {ours: text(stored.get(name)) for ours, name in field_names.items()}
    return {ours: _canonical(ours, value) for ours, value in held.items() if value is not None}


def _canonical(ours: str, value: str) -> str:
    if ours in _NUMBERS:
        number = money(value)
        return value if number is None else plain_number(number)
    if ours == "lead_score_updated_at":
        try:
            return iso(moment(value, "the update time"))
        except UnreadableError:
            return value
    return value.replace("\r\n", "\n")


def _reasons(reasons: tuple[str, ...]) -> str:
    """Join whole sentences while they fit; the most important come first."""
    kept = ""
    for reason in reasons:
        longer = f"{kept}\n{reason}" if kept else reason
        if len(longer) > REASONS_LENGTH:
            break
        kept = longer
    return kept or "".join(reasons[:1])[:REASONS_LENGTH]
