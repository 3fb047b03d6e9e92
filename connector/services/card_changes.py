"""What moved a lead's score lately, from the ledger alone: no model is loaded for a card that a rep only glances at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.store import ledger

LOOKED_BACK = 60
"""Scores of a lead that are looked through for one that differs: about two months of nights."""
MOST_CONCEPTS = 2
_LEAST = 0.05
"""Log-odds under which a concept is not named as what moved a score: a chance moves by 1 % of itself at most."""


@dataclass(frozen=True, slots=True)
class Change:
    """The newest score that differs from the current one by the tenant's step or in its tier, and what moved since.

    ``until``: when that former score was the newest one, for the last time. ``concepts``: what moved in the score's
    direction most, the weightiest first; empty where ``other_model`` says that another model scores since, whose part
    can't be told from the lead's.
    """

    before: Decimal
    after: Decimal
    tier_before: Tier
    until: datetime
    concepts: tuple[str, ...]
    other_model: bool


@dataclass(frozen=True, slots=True)
class Steady:
    """The score has not moved by a step since then, or for as far back as is looked."""

    since: datetime


def latest_change(
    session: Connection, tenant_id: UUID, lead_id: int, newest: ledger.Kept, step: float
) -> Change | Steady | None:
    """Compare a lead's ``newest`` scored entry with those before; None where it is the first, or was erased.

    Only the lead's own scores count, not those of leads that joined it.
    """
    body = newest.body
    former = ledger.latest(session, tenant_id, "scored", lead_id, newest.seq - 1, LOOKED_BACK)
    known = [(entry, entry.body) for entry in former if entry.body is not None]
    if body is None or not known:
        return None
    for entry, old in known:
        if _differs(old, body, step):
            return _change(old, body, entry.at)
    return Steady(known[-1][0].at)


def _differs(old: Mapping[str, Any], new: Mapping[str, Any], step: float) -> bool:
    moved = abs(Decimal(new["score"]) - Decimal(old["score"])) >= Decimal(repr(step))
    return moved or old["tier"] != new["tier"]


def _change(old: Mapping[str, Any], new: Mapping[str, Any], until: datetime) -> Change:
    before, after = Decimal(old["score"]), Decimal(new["score"])
    other = old["model"] != new["model"]
    concepts = () if other else _moved(_concepts(old), _concepts(new), up=after >= before)
    return Change(before, after, Tier(old["tier"]), until, concepts, other)


def _concepts(body: Mapping[str, Any]) -> Mapping[str, float]:
    # Entries of older programs lack the small contributions.
    parts = body.get("contributions", body["reasons"])
    return {part["concept"]: float(part["contribution"]) for part in parts}


def _moved(old: Mapping[str, float], new: Mapping[str, float], *, up: bool) -> tuple[str, ...]:
    along = {name: (new.get(name, 0.0) - old.get(name, 0.0)) * (1 if up else -1) for name in {*old, *new}}
    ranked = sorted((name for name, moved in along.items() if moved >= _LEAST), key=lambda name: (-along[name], name))
    return tuple(ranked[:MOST_CONCEPTS])
