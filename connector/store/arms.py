"""What is known of leads that are scored by two models at once, for whoever watches a trial."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.ledger import Kept, entries_of
from connector.store.outbox import OutboxStatus
from connector.store.tables import experiment_leads, ledger, outbox, records, scores
from connector.store.types import AnyRow

_SCORED = "scored"
_CHUNK = 500


def scored_by(connection: Connection, tenant_id: UUID, versions: Collection[str]) -> Sequence[AnyRow]:
    """Return (lead_id, model, score, tier) of the scores that stand and are by one of these models."""
    c = scores.c
    query = sa.select(c.lead_id, c.model, c.score, c.tier).where(c.tenant_id == tenant_id, c.model.in_(versions))
    return connection.execute(query.order_by(c.lead_id)).all()


def answers(connection: Connection, tenant_id: UUID, versions: Collection[str]) -> Mapping[str, tuple[int, int]]:
    """Return model → (records whose CRM has answered, those of them that it refuses), of who it scores now."""
    answered = (OutboxStatus.DELIVERED, OutboxStatus.DEAD)
    query = (
        sa.select(scores.c.model, outbox.c.status, sa.func.count())
        .select_from(outbox)
        .join(records, records.c.id == outbox.c.record_id)
        .join(scores, scores.c.lead_id == records.c.lead_id)
        .where(scores.c.tenant_id == tenant_id, scores.c.model.in_(versions), outbox.c.status.in_(answered))
        .group_by(scores.c.model, outbox.c.status)
    )
    found = {(model, status): count for model, status, count in connection.execute(query)}
    dead = {version: found.get((version, OutboxStatus.DEAD), 0) for version in versions}
    return {one: (found.get((one, OutboxStatus.DELIVERED), 0) + dead[one], dead[one]) for one in versions}


def counted_by(connection: Connection, tenant_id: UUID, experiment_id: UUID) -> Sequence[Kept]:
    """Return the score by which each lead of an experiment began to count: the last one entered by then."""
    c, e = ledger.c, experiment_leads.c
    numbers = (
        sa.select(sa.func.max(c.seq))
        .join(experiment_leads, sa.and_(e.lead_id == c.lead_id, e.tenant_id == c.tenant_id))
        .where(c.tenant_id == tenant_id, c.kind == _SCORED, e.experiment_id == experiment_id, c.at <= e.hot_at)
        .group_by(c.lead_id)
    )
    found = list(connection.execute(numbers).scalars())
    chunks = (found[start : start + _CHUNK] for start in range(0, len(found), _CHUNK))
    return [entry for some in chunks for entry in entries_of(connection, tenant_id, _SCORED, some)]


def first_since(
    connection: Connection, tenant_id: UUID, lead_ids: Sequence[int], seq: int, until: datetime
) -> Sequence[Kept]:
    """Return of each of these leads the first score from the entry ``seq`` on, where it was entered by ``until``."""
    c = ledger.c
    where = sa.and_(c.tenant_id == tenant_id, c.lead_id.in_(lead_ids), c.seq >= seq, c.at <= until, c.kind == _SCORED)
    numbers = list(connection.execute(sa.select(sa.func.min(c.seq)).where(where).group_by(c.lead_id)).scalars())
    return entries_of(connection, tenant_id, _SCORED, numbers)
