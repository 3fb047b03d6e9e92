"""What visitors of a tenant's sites did, and what was refused of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Actor, EventKind
from connector.store.bulk import Merge, Row, upsert
from connector.store.tables import records, tracked_events, tracked_refusals, visitors
from connector.store.types import AnyRow

IDENTIFIED = "identified"
"""The kind of an event that only told who the visitor is: kept so that it counts once, too, and no engagement."""

_ENGAGEMENT = tracked_events.c.kind != IDENTIFIED


def known(connection: Connection, site_id: UUID, event_ids: Iterable[str]) -> set[str]:
    """Return those of ``event_ids`` that the site sent before."""
    c = tracked_events.c
    query = sa.select(c.event_id).where(c.site_id == site_id, c.event_id.in_(sorted(set(event_ids))))
    return set(connection.execute(query).scalars())


def save(connection: Connection, rows: Sequence[Row]) -> None:
    """Store events once each (by site and event id)."""
    upsert(connection, tracked_events, rows, key=("site_id", "event_id"))


def refuse(connection: Connection, tenant_id: UUID, site_id: UUID, day: str, counts: Mapping[str, int]) -> None:
    """Count what was refused of a site on a day (ISO 8601), by reason."""
    same: Row = {"tenant_id": tenant_id, "site_id": site_id, "day": day}
    rows = [{**same, "reason": reason, "count": count} for reason, count in sorted(counts.items())]
    upsert(connection, tracked_refusals, rows, key=("site_id", "day", "reason"), merge=_ADD)


def _added(new: Any) -> Mapping[str, Any]:
    return {"count": tracked_refusals.c["count"] + new["count"]}


_ADD = Merge(_added)


def refused_since(connection: Connection, site_id: UUID, day: str) -> Sequence[tuple[str, int]]:
    """Return (reason, how often) of a site since a day, the commonest first."""
    c = tracked_refusals.c
    total = sa.func.sum(c.count)
    query = sa.select(c.reason, total).where(c.site_id == site_id, c.day >= day).group_by(c.reason)
    return [(reason, int(count)) for reason, count in connection.execute(query.order_by(total.desc(), c.reason))]


def counts(connection: Connection, site_id: UUID, since: datetime, days: int) -> dict[tuple[int, str], int]:
    """Return (day, actor) → events that arrived; day 0 begins at ``since``."""
    c = tracked_events.c
    ends = [(c.received_at < since + timedelta(days=day + 1), day) for day in range(days)]
    day = sa.case(*ends, else_=days).label("day")
    query = sa.select(day, c.actor, sa.func.count()).where(c.site_id == site_id, c.received_at >= since, _ENGAGEMENT)
    return {(row[0], row[1]): row[2] for row in connection.execute(query.group_by("day", c.actor))}


def last_received(connection: Connection, site_id: UUID) -> datetime | None:
    """Return when a site's newest event arrived."""
    c = tracked_events.c
    query = sa.select(c.received_at).where(c.site_id == site_id).order_by(c.received_at.desc()).limit(1)
    return connection.execute(query).scalar_one_or_none()


def timeline(connection: Connection, tenant_id: UUID, lead_id: int, limit: int) -> Sequence[AnyRow]:
    """Return a lead's newest events on the tenant's sites as (at, kind, actor, detail, arrival)."""
    e = tracked_events.c
    query = sa.select(e.at, e.kind, e.actor, e.detail, e.arrival).where(_of_lead(tenant_id, lead_id), _ENGAGEMENT)
    return connection.execute(query.order_by(e.at.desc(), e.id.desc()).limit(limit)).all()


def newest_of(
    connection: Connection, tenant_id: UUID, lead_id: int, actor: Actor, kinds: Collection[EventKind], until: datetime
) -> AnyRow | None:
    """Return (at, kind) of the newest event of these kinds that this actor did on a tenant's sites up to ``until``."""
    e = tracked_events.c
    query = sa.select(e.at, e.kind).where(
        _of_lead(tenant_id, lead_id), e.actor == actor, e.kind.in_(sorted(kinds)), e.at <= until
    )
    return connection.execute(query.order_by(e.at.desc(), e.id.desc()).limit(1)).one_or_none()


def _of_lead(tenant_id: UUID, lead_id: int) -> sa.ColumnElement[bool]:
    """What visitors did who are known to be a lead."""
    keys = sa.select(records.c.person_key).where(records.c.tenant_id == tenant_id, records.c.lead_id == lead_id)
    mine = sa.select(visitors.c.id).where(visitors.c.tenant_id == tenant_id, visitors.c.person_key.in_(keys))
    return tracked_events.c.visitor_id.in_(mine)


def purge(connection: Connection, tenant_id: UUID, before: datetime, limit: int) -> int:
    """Delete what nobody in a tenant's CRMs did and what arrived ``before``, ``limit`` rows each; return how many.

    A visitor goes with everything where the address was told before that time, and where nothing is left of it.
    """
    v, e = visitors.c, tracked_events.c
    unknown = sa.select(v.id).where(v.tenant_id == tenant_id, v.person_key.is_(None), v.created_at < before)
    old = sa.select(e.id).where(e.visitor_id.in_(unknown), e.received_at < before).limit(limit)
    gone = connection.execute(sa.delete(tracked_events).where(e.id.in_(old))).rowcount
    idle = sa.and_(v.mailbox.is_(None), ~sa.select(e.id).where(e.visitor_id == v.id).exists())
    over = unknown.where(sa.or_(v.identified_at < before, idle)).limit(limit)
    gone += connection.execute(sa.delete(visitors).where(v.id.in_(over))).rowcount
    refused = tracked_refusals.c
    ended = sa.and_(refused.tenant_id == tenant_id, refused.day < before.date().isoformat())
    connection.execute(sa.delete(tracked_refusals).where(ended))
    return gone
