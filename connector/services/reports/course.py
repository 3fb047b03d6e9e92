"""How a lead's score went, from the ledger; entries that were erased are left out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.store import ledger

_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Scored:
    """A score that the model gave."""

    at: datetime
    score: float
    tier: str


def score_course(session: Connection, tenant_id: UUID, lead_id: int, joined: Collection[int]) -> Sequence[Scored]:
    """Return a lead's newest 200 scores, the oldest first; those of leads that joined it are among them."""
    entries = ledger.latest(session, tenant_id, "scored", lead_id, None, _SHOWN, joined)
    return tuple(
        Scored(entry.at, float(entry.body["score"]), entry.body["tier"])
        for entry in reversed(entries)
        if entry.body is not None
    )
