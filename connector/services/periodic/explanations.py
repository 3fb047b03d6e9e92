"""A random sample of explanations, drawn so that anybody with the ledger can draw it again; of nobody by name."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.periodic.periods import Period
from connector.services.periodic.wording import none
from connector.store import happened, tenants
from connector.store.types import AnyRow
from scoring.cards.blocks import Paragraph, Section, Table

SIZE = 20
_DRAWN, _ROUNDS = 400, 25
"""Numbers that are drawn at once, and how often: in a ledger that holds few scores most draws meet none."""
_SHOWN = 3
EXACT = 1e-6
"""By so much the contributions of a good explanation may miss the log-odds."""


def sample(services: Services, tenant_id: UUID, period: Period) -> tuple[Section, str]:
    """Draw recorded scores of the period and show what counted in each, as concepts without anybody's values."""
    with services.store.reading(tenant_id) as session:
        seed = tenants.get(session, tenant_id).settings.seed
        name = f"{seed}:{period.name}"
        rows = _draw(session, tenant_id, period, name)
    if not rows:
        sentence = "No score was made in this time, so that there is no explanation to look at."
        return Section("Explanations, a random sample", (none(sentence),)), sentence
    found = [_explained(row) for row in rows]
    wrong = sum(one[-1] == "no" for one in found)
    says = (
        f"{len(found)} of the scores that were recorded from {period.told}, each as likely as any other, by the seed "
        f"“{name}”. A contribution is in log-odds; all of them with the average lead's add up to the score's "
        "chance, or the last column says no. Neither names nor values of anybody are shown."
    )
    head = ("Entry", "Day", "Model", "Score", "Tier", "What counted most", "Adds up")
    sentence = (
        f"Explanations: {len(found)} sampled, all add up to their scores."
        if not wrong
        else f"Explanations: {wrong} of {len(found)} sampled do not add up to their scores."
    )
    return Section(
        "Explanations, a random sample", (Paragraph(says), Table("Sampled scores", head, tuple(found)))
    ), sentence


def _draw(session: Connection, tenant_id: UUID, period: Period, name: str) -> Sequence[AnyRow]:
    """Draw numbers of the ledger's and keep those that are scores of the period: each is as likely as any other."""
    bounds = happened.bounds(session, tenant_id, period.span)
    if bounds is None:
        return []
    low, high = bounds
    if high - low < _DRAWN:
        there = list(happened.scored(session, tenant_id, period.span, range(low, high + 1)))
        return sorted(_seeded(name).sample(there, min(SIZE, len(there))), key=lambda row: int(row.seq))
    drawing, found = _seeded(name), dict[int, AnyRow]()
    for _ in range(_ROUNDS):
        drawn = [drawing.randint(low, high) for _ in range(_DRAWN)]
        met = {row.seq: row for row in happened.scored(session, tenant_id, period.span, set(drawn))}
        for number in drawn:
            if number in met and len(found) < SIZE:
                found[number] = met[number]
        if len(found) == SIZE:
            break
    return [found[number] for number in sorted(found)]


def _seeded(name: str) -> random.Random:
    # No secret: whoever checks draws the same.
    return random.Random(name)  # noqa: S311 # nosec B311


def _explained(row: AnyRow) -> tuple[str, ...]:
    if row.body is None:
        return (f"{row.seq:,}", f"{row.at:%-d %b}", "–", "–", "–", happened.ERASED, "–")
    body: Mapping[str, Any] = json.loads(row.body)
    parts = sorted(body.get("contributions") or (), key=lambda part: -abs(float(part["contribution"])))
    most = ", ".join(f"{part['concept']} {_signed(float(part['contribution']))}" for part in parts[:_SHOWN])
    rest = len(parts) - _SHOWN
    told = most + (f", and {rest} more" if rest > 0 else "") or "close to the average lead"
    return (
        f"{row.seq:,}",
        f"{row.at:%-d %b}",
        str(body.get("model", "–")),
        f"{Decimal(body['score']):.1f}" if "score" in body else "–",
        str(body.get("tier", "–")),
        told,
        _adds_up(body, [float(part["contribution"]) for part in parts]),
    )


def _adds_up(body: Mapping[str, Any], contributions: Sequence[float]) -> str:
    if "base_value" not in body or "probability" not in body:
        return "–"
    chance = float(body["probability"])
    if not 0 < chance < 1:
        return "–"
    total = float(body["base_value"]) + math.fsum(contributions)
    return "yes" if abs(total - math.log(chance / (1 - chance))) < EXACT else "no"


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")
