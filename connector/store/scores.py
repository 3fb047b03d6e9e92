"""The current score of each lead."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import Row, upsert
from connector.store.runs import RunStatus
from connector.store.tables import run_stages, runs, scores
from connector.store.types import AnyRow

_REFRESHED = (
    "run_id",
    "model",
    "score",
    "probability",
    "tier",
    "reasons",
    "base_value",
    "inputs_hash",
    "as_of",
    "scored_at",
    "by_hand",
)


def save(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert or replace current scores (columns of the ``scores`` table); a newer one stays as it is."""
    upsert(connection, scores, rows, key=("lead_id",), update=_REFRESHED, where=_no_older)


def _no_older(fresh: Any) -> sa.ColumnElement[bool]:
    newer: sa.ColumnElement[bool] = fresh.as_of >= scores.c.as_of
    return newer


def overtaken(connection: Connection, lead_ids: Sequence[int], as_of: datetime) -> set[int]:
    """Return those of these leads whose score is as of a later time than ``as_of``.

    It stays true until the transaction ends where the tenant's ledger is held (``ledger.lock``).
    """
    return set(connection.execute(_OVERTAKEN, {"persons": list(lead_ids), "as_of": as_of}).scalars())


_OVERTAKEN = sa.select(scores.c.lead_id).where(
    scores.c.lead_id.in_(sa.bindparam("persons", expanding=True)), scores.c.as_of > sa.bindparam("as_of")
)
_TIERS = sa.select(scores.c.lead_id, scores.c.tier).where(scores.c.tenant_id == sa.bindparam("owner"))
_TIERS_OF = _TIERS.where(scores.c.lead_id.in_(sa.bindparam("persons", expanding=True)))


def outside_runs(connection: Connection, lead_ids: Collection[int]) -> set[int]:
    """Return those of these leads that were scored last by no run, but by a turn of the real-time lane."""
    by_run = sa.select(runs.c.id).where(runs.c.id == scores.c.run_id).exists()
    where = sa.and_(scores.c.lead_id.in_(lead_ids), ~by_run)
    return set(connection.execute(sa.select(scores.c.lead_id).where(where)).scalars()) if lead_ids else set()


def of_run(connection: Connection, tenant_id: UUID, run_id: UUID, model: str | None = None) -> set[int]:
    """Return the leads that a run has scored already, by whatever model or by this one."""
    where = sa.and_(scores.c.tenant_id == tenant_id, scores.c.run_id == run_id)
    if model is not None:
        where = sa.and_(where, scores.c.model == model)
    return set(connection.execute(sa.select(scores.c.lead_id).where(where)).scalars())


def by_model(connection: Connection, tenant_id: UUID, model: str) -> set[int]:
    """Return the leads whose score that stands is a model's."""
    where = sa.and_(scores.c.tenant_id == tenant_id, scores.c.model == model)
    return set(connection.execute(sa.select(scores.c.lead_id).where(where)).scalars())


def tiers(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int] | None = None) -> dict[int, str]:
    """Return lead id → tier as it stands, of all leads or of these."""
    asked: dict[str, Any] = {"owner": tenant_id}
    if lead_ids is not None:
        found = connection.execute(_TIERS_OF, {**asked, "persons": list(lead_ids)})
    else:
        found = connection.execute(_TIERS, asked)
    return {row.lead_id: row.tier for row in found}


def told_tiers(connection: Connection, tenant_id: UUID, lead_ids: Sequence[int]) -> dict[int, str]:
    """Return lead id → the tier that is told of these leads: a person's word where there is one, else the model's."""
    c = scores.c
    query = sa.select(c.lead_id, c.tier, c.by_hand).where(c.tenant_id == tenant_id, c.lead_id.in_(lead_ids))
    return {row.lead_id: row.by_hand["tier"] if row.by_hand else row.tier for row in connection.execute(query)}


def of_lead(connection: Connection, tenant_id: UUID, lead_id: int) -> AnyRow | None:
    """Return a lead's score row, if it has one."""
    where = sa.and_(scores.c.tenant_id == tenant_id, scores.c.lead_id == lead_id)
    return connection.execute(sa.select(scores).where(where)).one_or_none()


_TOLD = (
    scores.c.lead_id,
    scores.c.score,
    scores.c.probability,
    scores.c.tier,
    scores.c.reasons,
    scores.c.model,
    scores.c.as_of,
    scores.c.scored_at,
)
_TOLD_OF = sa.select(*_TOLD).where(
    scores.c.tenant_id == sa.bindparam("owner"), scores.c.lead_id.in_(sa.bindparam("persons", expanding=True))
)


def of_leads(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> Sequence[AnyRow]:
    """Return what is told of the scores of those of these leads that have one."""
    if not lead_ids:
        return ()
    return connection.execute(_TOLD_OF, {"owner": tenant_id, "persons": list(lead_ids)}).all()


def scored_by(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> dict[int, str]:
    """Return lead → the run or turn that made its current score, of those of these leads that have one."""
    where = sa.and_(scores.c.tenant_id == tenant_id, scores.c.lead_id.in_(lead_ids))
    found = connection.execute(sa.select(scores.c.lead_id, scores.c.run_id).where(where))
    return {row.lead_id: str(row.run_id) for row in found}


def newest_pass(connection: Connection, tenant_id: UUID, stage: str) -> datetime | None:
    """Return as of when the newest pass over everybody scored; None before the first. ``stage`` is what a pass calls
    its scoring. Who was not scored since is no longer open, and keeps an older score."""
    ended = sa.and_(
        run_stages.c.run_id == runs.c.id, run_stages.c.stage == stage, run_stages.c.status == RunStatus.DONE
    )
    passed = sa.select(sa.func.max(runs.c.as_of, type_=runs.c.as_of.type)).where(runs.c.tenant_id == tenant_id)
    found: datetime | None = connection.execute(
        passed.where(sa.select(run_stages.c.run_id).where(ended).exists())
    ).scalar_one()
    return found


def of_open(connection: Connection, tenant_id: UUID, stage: str) -> Sequence[AnyRow]:
    """Return (score, tier, leads): how many leads have which, of those scored in the newest pass (``newest_pass``) or
    since."""
    since = newest_pass(connection, tenant_id, stage)
    c = scores.c
    query = sa.select(c.score, c.tier, sa.func.count().label("leads")).where(c.tenant_id == tenant_id)
    query = query if since is None else query.where(c.as_of >= since)
    return connection.execute(query.group_by(c.score, c.tier)).all()


def summary(connection: Connection, tenant_id: UUID) -> dict[str, int]:
    """Return tier → number of leads."""
    query = sa.select(scores.c.tier, sa.func.count()).where(scores.c.tenant_id == tenant_id).group_by(scores.c.tier)
    return {row[0]: row[1] for row in connection.execute(query)}
