"""What CRMs are told of a score: as it is kept while it is on its way, and when it is worth a write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from connector.records import Scale, ScoreValues, Tier
from connector.services.feedback.reasons import BY_HAND
from connector.store.types import AnyRow

NEAR_AVERAGE = "Close to the average lead in everything that counts"
"""The reason of a lead none of whose traits moves its score noticeably."""

EXACT = "exact"
"""Marks values on their way that are written however little they differ from what the CRM holds."""


def standing(row: AnyRow) -> ScoreValues:
    """What is told of a stored score (a row of ``scores``): a person's word where there is one."""
    scored = made_of(int(row.score * 10), row.probability, row.tier, row.reasons, row.model, row.as_of)
    return as_told(scored, row.by_hand)


def made_of(
    tenths: int, probability: Decimal, tier: str, reasons: Sequence[Mapping[str, Any]], model: str, as_of: datetime
) -> ScoreValues:
    """What a model's score says, by the tenths of its points."""
    return ScoreValues(
        score=Decimal(tenths) / 10,
        probability=probability.quantize(Decimal("0.0001")),
        tier=Tier(tier),
        reasons=tuple(reason["sentence"] for reason in reasons) or (NEAR_AVERAGE,),
        model=model,
        updated_at=as_of,
    )


def as_told(values: ScoreValues, by_hand: Mapping[str, Any] | None) -> ScoreValues:
    """What CRMs and webhooks are told: a person's word (``by_hand`` of a score) where there is one.

    The chance stays the model's.
    """
    if not by_hand:
        return values
    reasons = (BY_HAND[by_hand["reason"]],)
    return replace(values, score=Decimal(by_hand["score"]), tier=Tier(by_hand["tier"]), reasons=reasons)


def to_json(values: ScoreValues) -> dict[str, Any]:
    """Return what the outbox keeps of values on their way."""
    return {
        "score": str(values.score),
        "probability": str(values.probability),
        "tier": values.tier,
        "reasons": list(values.reasons),
        "model": values.model,
        "updated_at": values.updated_at.isoformat(),
        "scale": values.scale,
    }


def from_json(data: Mapping[str, Any]) -> ScoreValues:
    """Read back what :func:`to_json` made."""
    return ScoreValues(
        score=Decimal(data["score"]),
        probability=Decimal(data["probability"]),
        tier=Tier(data["tier"]),
        reasons=tuple(data["reasons"]),
        model=data["model"],
        updated_at=datetime.fromisoformat(data["updated_at"]),
        scale=Scale(data.get("scale", Scale.HUNDRED)),
    )


def worth_writing(fresh: Mapping[str, Any], held: Mapping[str, Any] | None, step: float) -> bool:
    """Whether a CRM that holds ``held`` should get ``fresh``: score moved by ``step``, tier or reasons changed.

    ``step`` is in points on either scale. What is on the other scale is always written, and of exact values whatever
    differs but the time.
    """
    if held is None or fresh.get("scale", Scale.HUNDRED) != held.get("scale", Scale.HUNDRED):
        return True
    if fresh.get(EXACT):
        return any(fresh[name] != held.get(name) for name in fresh if name not in ("updated_at", "scale", EXACT))
    moved = abs(Decimal(fresh["score"]) - Decimal(held["score"])) >= Decimal(repr(step))
    return moved or fresh["tier"] != held["tier"] or fresh["reasons"] != held["reasons"]
