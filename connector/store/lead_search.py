"""Leads by their scores, their addresses and their companies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import leads, records, scores
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads: every part that is given must hold. ``person_key`` is what records are joined by."""

    tier: str | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    scored_since: datetime | None = None
    company: str | None = None
    person_key: str | None = None


Place = tuple[Decimal, int]
"""(score, lead id) of the last row of a page; of a lead without a score it is −1."""


_SHOWN = (
    leads.c.id,
    leads.c.created_at,
    leads.c.company_key,
    scores.c.score,
    scores.c.probability,
    scores.c.tier,
    scores.c.reasons,
    scores.c.model,
    scores.c.as_of,
    scores.c.scored_at,
    scores.c.by_hand,
)


def one(connection: Connection, tenant_id: UUID, lead_id: int) -> AnyRow | None:
    """Return a lead of the tenant in the columns of a page, if there is one."""
    joined = leads.join(scores, scores.c.lead_id == leads.c.id, isouter=True)
    query = sa.select(*_SHOWN).select_from(joined).where(leads.c.tenant_id == tenant_id, leads.c.id == lead_id)
    return connection.execute(query).one_or_none()


def page(connection: Connection, tenant_id: UUID, wanted: Wanted, after: Place | None, limit: int) -> Sequence[AnyRow]:
    """Return leads with their scores, the highest first; leads without one come last.

    Those without one are only there where an address or a company is asked for: else the scores alone are read.
    """
    named = wanted.person_key is not None or wanted.company is not None
    height: sa.ColumnElement[Any] = sa.func.coalesce(scores.c.score, -1) if named else scores.c.score
    joined = leads.join(scores, scores.c.lead_id == leads.c.id, isouter=named)
    owner = leads.c.tenant_id if named else scores.c.tenant_id
    query = sa.select(*_SHOWN).select_from(joined).where(owner == tenant_id, *_conditions(tenant_id, wanted))
    if after is not None:
        score, lead_id = after
        query = query.where(sa.or_(height < score, sa.and_(height == score, leads.c.id > lead_id)))
    return connection.execute(query.order_by(height.desc(), leads.c.id).limit(limit)).all()


def _conditions(tenant_id: UUID, wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.tier is not None:
        found.append(scores.c.tier == wanted.tier)
    if wanted.least is not None:
        found.append(scores.c.score >= wanted.least)
    if wanted.most is not None:
        found.append(scores.c.score <= wanted.most)
    if wanted.scored_since is not None:
        found.append(scores.c.scored_at >= wanted.scored_since)
    if wanted.company is not None:
        found.append(leads.c.company_key == wanted.company)
    if wanted.person_key is not None:
        mine = sa.select(records.c.lead_id).where(
            records.c.tenant_id == tenant_id, records.c.person_key == wanted.person_key
        )
        found.append(leads.c.id.in_(mine))
    return found
