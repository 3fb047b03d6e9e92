"""A model that takes no time: a score anybody can recompute from what a lead did and where its records say it lives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import polars as pl
import pytest
import sqlalchemy as sa

from connector.services import rescoring, scoring_run, snapshot, training
from connector.services.champions.serving import Way
from connector.services.context import Services
from connector.services.rescoring import Rescored
from connector.services.warm import Warm
from connector.store import inputs, tenants
from connector.store.tables import changes, events, records
from connector.store.tenants import TenantSettings
from tests.world import World

HOME = "Porto"


@dataclass(frozen=True)
class QuickHistory:
    """A tenant's history as plain rows: those with an open record, their visits, and what their records say."""

    leads: list[int]
    visits: list[tuple[int, datetime]]
    cities: list[tuple[int, int, datetime, str]]
    fields: tuple[()] = ()


def history(services: Services, tenant_id: UUID, settings: TenantSettings) -> QuickHistory:
    """Stand in for ``snapshot.history``: three queries instead of a dozen frames."""
    mine = sa.and_(records.c.tenant_id == tenant_id, records.c.lead_id.is_not(None), records.c.removed_at.is_(None))
    seen = sa.select(records.c.lead_id, events.c.at).join(records, records.c.id == events.c.record_id).where(mine)
    said = sa.select(records.c.lead_id, records.c.id, changes.c.at, changes.c.value)
    said = said.join(records, records.c.id == changes.c.record_id).where(mine).order_by(changes.c.at)
    with services.store.reading() as session:
        leads = sorted(set(session.execute(sa.select(records.c.lead_id).where(mine)).scalars()))
        return QuickHistory(
            leads,
            [tuple(row) for row in session.execute(seen)],  # type: ignore[misc]
            [tuple(row) for row in session.execute(said)],  # type: ignore[misc]
        )


def stand_in(made: World, patch: pytest.MonkeyPatch) -> None:
    """Let a world train and score by this model."""
    patch.setattr(snapshot, "history", history)
    patch.setattr(rescoring, "score", rescored)
    made.services = replace(made.services, isolated=isolated)


def isolated(function: Callable[..., Any], *arguments: Any) -> Any:
    """Stand in for ``Services.isolated``: know what training and scoring return, without the work."""
    return {training.fit: _fit, scoring_run.predict: _predict}[function](*arguments)


def _fit(*arguments: Any) -> training.Made:
    decision = {"outcome": "published", "clause": "first", "sentence": ""}
    return training.Made(b"quick", "0" * 64, {}, {}, None, decision)


def rescored(warm: Warm, tenant_id: UUID, way: Way, leads: Sequence[int]) -> Rescored:
    """Stand in for ``rescoring.score``: the same arithmetic for a few leads."""
    services = warm.services
    with services.store.reading() as session:
        settings = tenants.get(session, tenant_id).settings
    as_of = snapshot.as_of_now(settings, services.clock.now())
    found = [row for row in _scored(history(services, tenant_id, settings), as_of) if row["lead_id"] in leads]
    return Rescored(way.version, as_of, found, _inputs(), way.line)


def _predict(
    artefact: bytes,
    known: QuickHistory,
    as_of: datetime,
    tenant: str,
    tiers: Mapping[int, str],
    stored: Set[int],
    among: Sequence[int] | None,
    line: int | None,
) -> tuple[Rows, list[bytes]]:
    mine = set(known.leads if among is None else among) - stored
    rows = Rows([row for row in _scored(known, as_of) if row["lead_id"] in mine])
    return rows, [_inputs() for _ in rows.iter_slices(scoring_run._CHUNK)]


def _scored(known: QuickHistory, as_of: datetime) -> list[dict[str, Any]]:
    visits: dict[int, int] = defaultdict(int)
    for lead, at in known.visits:
        visits[lead] += at < as_of
    newest = {(lead, record): city for lead, record, at, city in known.cities if at < as_of}
    homes: dict[int, int] = defaultdict(int)
    for (lead, _), city in newest.items():
        homes[lead] += city == HOME
    return [_row(lead, visits[lead], homes[lead]) for lead in known.leads]


@dataclass(frozen=True)
class Rows:
    """A polars frame as far as scoring asks one: building real ones would take most of a seed's time."""

    rows: list[dict[str, Any]]

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.rows)

    def iter_slices(self, size: int) -> Iterator[Rows]:
        """Yield the rows in slices of at most ``size``."""
        return (Rows(self.rows[start : start + size]) for start in range(0, len(self.rows), size))

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows."""
        return self.rows


@cache
def _inputs() -> bytes:
    """Return vectors of nobody: what is deleted from them is on trial elsewhere."""
    return inputs.pack(pl.DataFrame({"lead_id": [0]}))


def tenths(visits: int, homes: int) -> int:
    """Return the score × 10 of a lead with so many visits and so many records that live at home."""
    return min(1000, 100 + 60 * visits + 150 * homes)


def tier(score: int, line: int | None = None) -> str:
    """Return the band of a score × 10; ``line``: where High-Intent begins."""
    return "High-Intent" if score >= (line or 700) else "Medium" if score >= 400 else "Low"


def sentence(visits: int, homes: int) -> str:
    """Return the reason: it differs wherever the score's inputs do."""
    return f"{visits} visits and {homes} times at home"


def _row(lead: int, visits: int, homes: int) -> dict[str, Any]:
    score = tenths(visits, homes)
    return {
        "lead_id": lead,
        "score_tenths": score,
        "probability": score / 1001,
        "tier": tier(score),
        "reasons": [{"sentence": sentence(visits, homes), "contribution": 1.0}],
        "base_value": 0.0,
        "inputs_hash": f"{lead}:{visits}:{homes}",
        "contributions": [{"feature": "visits", "contribution": 1.0}],
        "low": None,
        "high": None,
        "little_known": None,
        "expected": None,
        "currency": None,
        "fit": 0.0,
        "engagement": 1.0,
    }
