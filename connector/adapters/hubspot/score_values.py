"""Score values ↔ the text that HubSpot stores."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from connector.adapters.hubspot.score_fields import DEFINITIONS
from connector.adapters.hubspot.values import UnreadableError, iso, moment, money, text
from connector.records import ScoreValues

REASONS_LENGTH = 500
"""Characters of the reasons; HubSpot takes 65,536, a person reads far less."""

SCORE_PLACES = 1
_PLACES = Decimal("0.0001")


def rendered(values: ScoreValues) -> dict[str, str]:
    """Return our field name → text. Numbers carry no trailing zeros, times are UTC with milliseconds."""
    return {
        "lead_score": _number(values.number(SCORE_PLACES)),
        "lead_score_probability": _number(values.probability.quantize(_PLACES)),
        "lead_score_tier": values.tier.value,
        "lead_score_reasons": _reasons(values.reasons),
        "lead_score_model": values.model,
        "lead_score_updated_at": iso(values.updated_at),
    }


def as_rendered(stored: Mapping[str, object], field_names: Mapping[str, str]) -> dict[str, str]:
    """Return our field name → what HubSpot holds, in the spelling of :func:`rendered`.

    HubSpot may give back ``87.0`` for ``87`` and drop the milliseconds of a whole second; a
    value that a person typed over is returned as it is.
    """
    held = {ours: text(stored.get(name)) for ours, name in field_names.items() if ours in DEFINITIONS}
    return {
        ours: _canonical(str(DEFINITIONS[ours]["type"]), value) for ours, value in held.items() if value is not None
    }


def _canonical(kind: str, value: str) -> str:
    if kind == "number":
        number = money(value)
        return value if number is None else _number(number)
    if kind == "datetime":
        try:
            return iso(moment(value, "the update time"))
        except UnreadableError:
            return value
    return value


def _number(value: Decimal) -> str:
    plain = format(value, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _reasons(reasons: tuple[str, ...]) -> str:
    """Join whole sentences while they fit; the most important come first."""
    kept = ""
    for reason in reasons:
        longer = f"{kept}\n{reason}" if kept else reason
        if len(longer) > REASONS_LENGTH:
            break
        kept = longer
    return kept or "".join(reasons[:1])[:REASONS_LENGTH]
