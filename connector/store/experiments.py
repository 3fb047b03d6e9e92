"""Experiments of every kind, and who is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.store.bulk import upsert
from connector.store.models import CHAMPION
from connector.store.tables import experiment_leads, experiments, leads, models, outbox, records, scores
from connector.store.types import AnyRow

HOLDOUT = "holdout"
MODELS = "models"
LINES = "lines"
"""Some scores are not shown; a challenger scores some leads; some leads have another High-Intent line."""
PROMOTED = "promoted"
WITHDRAWN = "withdrawn"
"""What becomes of a trial: what was tried holds for everybody, or for nobody any more."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One experiment of a tenant, as its row says (store/tables/trials)."""

    id: UUID
    tenant_id: UUID
    share: Decimal
    key: str
    goal: str
    horizon_days: int
    planned_leads: int
    plan: Mapping[str, Any]
    begun_at: datetime
    closed_at: datetime | None
    ended_at: datetime | None
    looks: Sequence[Mapping[str, Any]]
    kind: str = HOLDOUT
    challenger: str | None = None
    champion: str | None = None
    begun_seq: int | None = None
    ends_at: datetime | None = None
    line: int | None = None
    usual_line: int | None = None
    outcome: str | None = None
    watched: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A lead that came since an experiment began."""

    lead_id: int
    company_key: str | None


@dataclass(frozen=True, slots=True)
class Hot:
    """Leads of some time, their companies (a lead without one is its own), and their mean chance."""

    leads: int
    companies: int
    rate: Decimal


_COLUMNS = [experiments.c[name] for name in Experiment.__dataclass_fields__]
_RUNNING = sa.select(*_COLUMNS).where(
    experiments.c.tenant_id == sa.bindparam("whose"), experiments.c.ended_at.is_(None)
)
"""Made once: asked whenever scores are kept."""


def all_running(connection: Connection, tenant_id: UUID) -> Mapping[str, Experiment]:
    """Return kind → the tenant's experiment of that kind that runs now."""
    found = [Experiment(*row) for row in connection.execute(_RUNNING, {"whose": tenant_id})]
    return {one.kind: one for one in found}


_CHAMPION = (
    sa.select(models.c.version, models.c.sha256, *_COLUMNS)
    .select_from(
        models.outerjoin(
            experiments, sa.and_(experiments.c.tenant_id == models.c.tenant_id, experiments.c.ended_at.is_(None))
        )
    )
    .where(models.c.tenant_id == sa.bindparam("whose"), models.c.status == CHAMPION)
)
"""Made once: asked twice in every turn of the real-time lane."""


def champion_and_running(
    connection: Connection, tenant_id: UUID
) -> tuple[tuple[str, str], Mapping[str, Experiment]] | None:
    """Return version and SHA-256 of the model that scores, with what ``all_running`` tells; None without a model."""
    rows = connection.execute(_CHAMPION, {"whose": tenant_id}).all()
    if not rows:
        return None
    found = [Experiment(*row[2:]) for row in rows if row.id is not None]
    return (rows[0].version, rows[0].sha256), {one.kind: one for one in found}


def running(connection: Connection, tenant_id: UUID, kind: str = HOLDOUT) -> Experiment | None:
    """Return the tenant's experiment of a kind that runs now, if there is one."""
    return all_running(connection, tenant_id).get(kind)


def concluded(connection: Connection, tenant_id: UUID, outcome: str) -> Sequence[Experiment]:
    """Return a tenant's trials of models that ended so, the newest first."""
    e = experiments.c
    query = sa.select(*_COLUMNS).where(e.tenant_id == tenant_id, e.kind == MODELS, e.outcome == outcome)
    return [Experiment(*row) for row in connection.execute(query.order_by(e.ended_at.desc()))]


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Experiment]:
    """Return every experiment of a tenant, the newest first."""
    query = sa.select(*_COLUMNS).where(experiments.c.tenant_id == tenant_id).order_by(experiments.c.begun_at.desc())
    return [Experiment(*row) for row in connection.execute(query)]


def begin(connection: Connection, experiment: Experiment) -> None:
    """Add an experiment; raises ``IntegrityError`` where one runs."""
    row = {name: getattr(experiment, name) for name in Experiment.__dataclass_fields__}
    connection.execute(sa.insert(experiments), row)


def change(connection: Connection, experiment: Experiment, **values: Any) -> None:
    """Set columns of an experiment."""
    mine = sa.and_(experiments.c.tenant_id == experiment.tenant_id, experiments.c.id == experiment.id)
    connection.execute(sa.update(experiments).where(mine).values(**values))


def newcomers(connection: Connection, experiment: Experiment, lead_ids: Sequence[int]) -> Sequence[Newcomer]:
    """Return those of ``lead_ids`` that are to be added: created since it began, and not in it.

    To a holdout only who was never written to.
    """
    there = sa.exists().where(
        experiment_leads.c.experiment_id == experiment.id, experiment_leads.c.lead_id == leads.c.id
    )
    query = sa.select(leads.c.id, leads.c.company_key).where(
        leads.c.tenant_id == experiment.tenant_id,
        leads.c.id.in_(lead_ids),
        leads.c.created_at >= experiment.begun_at,
        ~there,
    )
    if experiment.kind == HOLDOUT:
        query = query.where(~_written(leads.c.id))
    return [Newcomer(*row) for row in connection.execute(query.order_by(leads.c.id))]


def add(connection: Connection, experiment: Experiment, arms: Mapping[int, tuple[str, bool]], now: datetime) -> None:
    """Add leads with (unit, treated)."""
    rows = [
        {
            "experiment_id": experiment.id,
            "lead_id": lead_id,
            "tenant_id": experiment.tenant_id,
            "unit": unit,
            "treated": treated,
            "added_at": now,
            "hot_at": None,
        }
        for lead_id, (unit, treated) in arms.items()
    ]
    upsert(connection, experiment_leads, rows, key=("experiment_id", "lead_id"))


def count_from(connection: Connection, experiment: Experiment, lead_ids: Sequence[int], at: datetime) -> None:
    """Let leads of either arm count from now on, where they did not yet."""
    mine = _of(experiment, lead_ids)
    connection.execute(sa.update(experiment_leads).where(mine, experiment_leads.c.hot_at.is_(None)).values(hot_at=at))


def held_out(connection: Connection, experiment: Experiment, lead_ids: Sequence[int]) -> set[int]:
    """Return those of ``lead_ids`` that are held out.

    Who has become one person with somebody that was written to is so no longer: their team has seen a score.
    """
    c = experiment_leads.c
    query = sa.select(c.lead_id).where(_of(experiment, lead_ids), ~c.treated, ~_written(c.lead_id))
    return set(connection.execute(query).scalars())


def _written(lead_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """Whether anything was ever queued for a record of a lead."""
    query = sa.select(outbox.c.record_id).join(records, records.c.id == outbox.c.record_id)
    return query.where(records.c.lead_id == lead_id).exists()


def _of(experiment: Experiment, lead_ids: Sequence[int]) -> sa.ColumnElement[bool]:
    c = experiment_leads.c
    return sa.and_(c.tenant_id == experiment.tenant_id, c.experiment_id == experiment.id, c.lead_id.in_(list(lead_ids)))


def recent_hot(connection: Connection, tenant_id: UUID, since: datetime) -> Hot:
    """Return how many leads that came ``since`` then are High-Intent now."""
    return _recent(connection, tenant_id, since, scores.c.tier == Tier.HIGH_INTENT)


def recent(
    connection: Connection, tenant_id: UUID, since: datetime, scores_in: tuple[Decimal, Decimal] | None = None
) -> Hot:
    """Return how many leads came ``since`` then, with a score from the first of ``scores_in`` to below the other."""
    low, high = scores_in or (Decimal(-1), Decimal(1_000))
    return _recent(connection, tenant_id, since, sa.and_(scores.c.score >= low, scores.c.score < high))


def _recent(connection: Connection, tenant_id: UUID, since: datetime, which: sa.ColumnElement[bool]) -> Hot:
    company = sa.func.coalesce(leads.c.company_key, sa.cast(leads.c.id, sa.Text))
    query = (
        sa.select(sa.func.count(), sa.func.count(sa.distinct(company)), sa.func.avg(scores.c.probability))
        .select_from(scores)
        .join(leads, leads.c.id == scores.c.lead_id)
        .where(scores.c.tenant_id == tenant_id, leads.c.created_at >= since, which)
    )
    count, companies, rate = connection.execute(query).one()
    return Hot(count, companies, Decimal(str(rate or 0)))


def counted(connection: Connection, experiment: Experiment) -> Sequence[AnyRow]:
    """Return (lead_id, unit, treated, hot_at) of all that count."""
    c = experiment_leads.c
    query = sa.select(c.lead_id, c.unit, c.treated, c.hot_at).where(
        c.tenant_id == experiment.tenant_id, c.experiment_id == experiment.id, c.hot_at.is_not(None)
    )
    return connection.execute(query.order_by(c.lead_id)).all()


def arms_of_holdouts(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return (lead_id, shown, held_out_share, since, until) of all that ever counted in a holdout."""
    c, e = experiment_leads.c, experiments.c
    query = (
        sa.select(
            c.lead_id,
            c.treated.label("shown"),
            e.share.label("held_out_share"),
            c.hot_at.label("since"),
            e.ended_at.label("until"),
        )
        .join(experiments, e.id == c.experiment_id)
        .where(c.tenant_id == tenant_id, e.kind == HOLDOUT, c.hot_at.is_not(None))
    )
    return connection.execute(query.order_by(c.hot_at, c.lead_id)).all()


def sizes(connection: Connection, experiment: Experiment) -> Mapping[bool, tuple[int, int]]:
    """Return treated → (leads added, leads that count)."""
    c = experiment_leads.c
    query = (
        sa.select(c.treated, sa.func.count(), sa.func.count(c.hot_at))
        .where(c.tenant_id == experiment.tenant_id, c.experiment_id == experiment.id)
        .group_by(c.treated)
    )
    return {treated: (added, hot) for treated, added, hot in connection.execute(query)}
