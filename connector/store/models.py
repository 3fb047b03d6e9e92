"""Model versions: immutable artefacts with their reports, one champion a tenant, and how each came to its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import models, score_maps
from connector.store.types import AnyRow

CHAMPION = "champion"
RETIRED = "retired"
WAITING = "waiting"
REFUSED = "refused"
CHALLENGER = "challenger"
"""It scores; it did; a person is asked whether it may; it may not; it scores a share of the leads, on trial."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """A stored model. ``artefact`` is the container's bytes, ``report`` what was measured."""

    version: str
    as_of: datetime
    seed: int
    artefact: bytes
    sha256: str
    report: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of a new model (``scoring.champions.Decision`` as JSON, with the contest), and its trial's model."""

    decision: dict[str, Any]
    at: datetime
    trial: bytes | None = None
    trial_begins: int | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """The model that scores, as the columns say it (store/tables/scored)."""

    version: str
    sha256: str
    as_of: datetime
    artefact: bytes
    trial: bytes | None
    trial_begins: int | None
    replaced: str | None
    published_seq: int | None
    restored_at: datetime | None
    restored_before: int | None


def versions(connection: Connection, tenant_id: UUID) -> Sequence[str]:
    """Return the names of a tenant's model versions."""
    return list(connection.execute(sa.select(models.c.version).where(models.c.tenant_id == tenant_id)).scalars())


def listed(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return a tenant's models, newest first: (version, status, as_of, sha256, report, created_at), then how each came
    to its place: (decision, decided_at, replaced, published_at, restored_at)."""
    c = models.c
    query = sa.select(
        c.version,
        c.status,
        c.as_of,
        c.sha256,
        c.report,
        c.created_at,
        c.decision,
        c.decided_at,
        c.replaced,
        c.published_at,
        c.restored_at,
    ).where(c.tenant_id == tenant_id)
    return connection.execute(query.order_by(c.created_at.desc(), c.id.desc())).all()


def keep(connection: Connection, tenant_id: UUID, model: ModelVersion, status: str, decided: Decided) -> None:
    """Store a model that does not score; a version that exists stays as it is."""
    row = {
        "tenant_id": tenant_id,
        "version": model.version,
        "status": status,
        "as_of": model.as_of,
        "seed": model.seed,
        "artefact": model.artefact,
        "sha256": model.sha256,
        "report": model.report,
        "created_at": model.created_at,
        "trial": decided.trial,
        "trial_begins": decided.trial_begins,
        "decision": decided.decision,
        "decided_at": decided.at,
    }
    upsert(connection, models, [row], key=("tenant_id", "version"))


def decide(
    connection: Connection, tenant_id: UUID, version: str, status: str, decision: dict[str, Any], now: datetime
) -> None:
    """Set what becomes of a model that does not score."""
    values = {"status": status, "decision": decision, "decided_at": now}
    connection.execute(sa.update(models).where(_one(tenant_id, version)).values(values))


def publish(connection: Connection, tenant_id: UUID, version: str, seq: int, now: datetime) -> None:
    """Let a stored model score; ``seq`` is the ledger's entry that says so."""
    former = champion_name(connection, tenant_id)
    _retire(connection, tenant_id)
    values = {"status": CHAMPION, "replaced": former[0] if former else None, "published_seq": seq, "published_at": now}
    connection.execute(sa.update(models).where(_one(tenant_id, version)).values(values))


def restore(connection: Connection, tenant_id: UUID, version: str, before: int, now: datetime) -> None:
    """Let a former champion score again; the ledger's scores from the entry ``before`` on are another model's."""
    _retire(connection, tenant_id)
    values = {"status": CHAMPION, "restored_at": now, "restored_before": before}
    connection.execute(sa.update(models).where(_one(tenant_id, version)).values(values))


def _retire(connection: Connection, tenant_id: UUID) -> None:
    scores = sa.and_(models.c.tenant_id == tenant_id, models.c.status == CHAMPION)
    connection.execute(sa.update(models).where(scores).values(status=RETIRED))


def _one(tenant_id: UUID, version: str) -> sa.ColumnElement[bool]:
    return sa.and_(models.c.tenant_id == tenant_id, models.c.version == version)


def standing(connection: Connection, tenant_id: UUID) -> Standing | None:
    """Return what a contest and a rollback need to know of the model that scores, if one was published."""
    c = models.c
    query = sa.select(
        c.version,
        c.sha256,
        c.as_of,
        c.artefact,
        c.trial,
        c.trial_begins,
        c.replaced,
        c.published_seq,
        c.restored_at,
        c.restored_before,
    )
    row = connection.execute(query.where(c.tenant_id == tenant_id, c.status == CHAMPION)).one_or_none()
    return Standing(**row._mapping) if row else None


def waiting(connection: Connection, tenant_id: UUID) -> Sequence[str]:
    """Return the versions that wait for a person's word."""
    where = sa.and_(models.c.tenant_id == tenant_id, models.c.status == WAITING)
    return list(connection.execute(sa.select(models.c.version).where(where).order_by(models.c.id)).scalars())


def of_status(connection: Connection, tenant_id: UUID, version: str) -> AnyRow | None:
    """Return (status, sha256, decision) of a version, if it is stored."""
    c = models.c
    query = sa.select(c.status, c.sha256, c.decision).where(_one(tenant_id, version))
    return connection.execute(query).one_or_none()


def newest(connection: Connection, tenant_id: UUID) -> tuple[str, dict[str, Any]] | None:
    """Return version and report of the model that was trained last, whatever became of it."""
    query = sa.select(models.c.version, models.c.report).where(models.c.tenant_id == tenant_id)
    row = connection.execute(query.order_by(models.c.created_at.desc(), models.c.id.desc()).limit(1)).one_or_none()
    return (row.version, row.report) if row else None


def reports(connection: Connection, tenant_id: UUID, limit: int) -> Sequence[AnyRow]:
    """Return (version, report) of the models that were trained last, whatever became of them, the newest first."""
    query = sa.select(models.c.version, models.c.report).where(models.c.tenant_id == tenant_id)
    return connection.execute(query.order_by(models.c.created_at.desc(), models.c.id.desc()).limit(limit)).all()


def champion_report(connection: Connection, tenant_id: UUID) -> dict[str, Any] | None:
    """Return the report of the model that scores, without its artefact."""
    where = sa.and_(models.c.tenant_id == tenant_id, models.c.status == CHAMPION)
    found: dict[str, Any] | None = connection.execute(sa.select(models.c.report).where(where)).scalar_one_or_none()
    return found


def champion(connection: Connection, tenant_id: UUID) -> ModelVersion | None:
    """Return the model that scores, if one was published."""
    where = sa.and_(models.c.tenant_id == tenant_id, models.c.status == CHAMPION)
    row = connection.execute(sa.select(models).where(where)).one_or_none()
    return _read(row) if row else None


def champion_name(connection: Connection, tenant_id: UUID) -> tuple[str, str] | None:
    """Return version and SHA-256 of the model that scores, if one was published."""
    row = connection.execute(_CHAMPION_NAME, {"owner": tenant_id}).one_or_none()
    return (row.version, row.sha256) if row else None


_CHAMPION_NAME = sa.select(models.c.version, models.c.sha256).where(
    models.c.tenant_id == sa.bindparam("owner"), models.c.status == CHAMPION
)


def artefact(connection: Connection, tenant_id: UUID, sha256: str) -> bytes | None:
    """Return the bytes of a tenant's model by their SHA-256."""
    where = sa.and_(models.c.tenant_id == tenant_id, models.c.sha256 == sha256)
    found = connection.execute(sa.select(models.c.artefact).where(where).limit(1)).scalar_one_or_none()
    return None if found is None else bytes(found)


def get(connection: Connection, tenant_id: UUID, version: str) -> ModelVersion | None:
    """Return one version of a tenant."""
    where = sa.and_(models.c.tenant_id == tenant_id, models.c.version == version)
    row = connection.execute(sa.select(models).where(where)).one_or_none()
    return _read(row) if row else None


def named(connection: Connection, tenant_id: UUID, version: str) -> tuple[str, str] | None:
    """Return version and SHA-256 of a stored model."""
    row = connection.execute(sa.select(models.c.version, models.c.sha256).where(_one(tenant_id, version))).one_or_none()
    return (row.version, row.sha256) if row else None


def _read(row: Any) -> ModelVersion:
    return ModelVersion(row.version, row.as_of, row.seed, bytes(row.artefact), row.sha256, row.report, row.created_at)


def score_map(connection: Connection, tenant_id: UUID, goal: str, horizon_days: int) -> dict[str, Any] | None:
    """Return the fixed map from probability to score, if it was set."""
    c = score_maps.c
    where = sa.and_(c.tenant_id == tenant_id, c.goal == goal, c.horizon_days == horizon_days)
    return connection.execute(sa.select(c.map).where(where)).scalar_one_or_none()


def fix_score_map(
    connection: Connection, tenant_id: UUID, goal: str, horizon_days: int, values: dict[str, Any]
) -> None:
    """Set the map once for a goal; later models must keep the meaning of a score."""
    row = {"tenant_id": tenant_id, "goal": goal, "horizon_days": horizon_days, "map": values}
    upsert(connection, score_maps, [row], key=("tenant_id", "goal", "horizon_days"))
