"""Model versions: immutable artefacts with their reports, one champion a tenant."""

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


def versions(connection: Connection, tenant_id: UUID) -> Sequence[str]:
    """Return the names of a tenant's model versions."""
    return list(connection.execute(sa.select(models.c.version).where(models.c.tenant_id == tenant_id)).scalars())


def listed(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return (version, status, as_of, sha256, report, created_at) of a tenant's models, newest first."""
    c = models.c
    query = sa.select(c.version, c.status, c.as_of, c.sha256, c.report, c.created_at).where(c.tenant_id == tenant_id)
    return connection.execute(query.order_by(c.created_at.desc(), c.id.desc())).all()


def publish(connection: Connection, tenant_id: UUID, model: ModelVersion) -> None:
    """Store a model and make it the champion in one step; a version that exists stays as it is."""
    others = sa.and_(models.c.tenant_id == tenant_id, models.c.version != model.version)
    connection.execute(sa.update(models).where(others).values(status=RETIRED))
    row = {
        "tenant_id": tenant_id,
        "version": model.version,
        "status": CHAMPION,
        "as_of": model.as_of,
        "seed": model.seed,
        "artefact": model.artefact,
        "sha256": model.sha256,
        "report": model.report,
        "created_at": model.created_at,
    }
    upsert_model = upsert(connection, models, [row], key=("tenant_id", "version"))
    if not upsert_model:
        same = sa.and_(models.c.tenant_id == tenant_id, models.c.version == model.version)
        connection.execute(sa.update(models).where(same).values(status=CHAMPION))


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
