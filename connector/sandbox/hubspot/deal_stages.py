"""The stages of the pipeline that every account has, and what HubSpot calculates from a deal's stage."""

from __future__ import annotations

from collections.abc import Mapping

STAGES = (
    ("appointmentscheduled", "Appointment Scheduled", "0.2"),
    ("qualifiedtobuy", "Qualified To Buy", "0.4"),
    ("presentationscheduled", "Presentation Scheduled", "0.6"),
    ("contractsent", "Contract Sent", "0.9"),
    ("closedwon", "Closed Won", "1.0"),
    ("closedlost", "Closed Lost", "0.0"),
)
_PROBABILITY = {name: probability for name, _, probability in STAGES}


def closes(stage: str) -> bool:
    """Tell whether a deal in ``stage`` is closed."""
    return stage.startswith("closed")


def calculated(stage: str) -> Mapping[str, str]:
    """Return the properties that follow from a deal's stage; none where the pipeline has no such stage."""
    if stage not in _PROBABILITY:
        return {}
    return {
        "hs_is_closed": "true" if closes(stage) else "false",
        "hs_is_closed_won": "true" if stage == "closedwon" else "false",
        "hs_deal_stage_probability": _PROBABILITY[stage],
    }
