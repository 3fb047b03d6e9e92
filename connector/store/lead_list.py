"""The leads of a tenant by score, a page at a time, and by name: each query by an index, however many leads there are.

What no index tells (an account, a last action) is looked for within a bounded stretch of the list; whoever asks is told
how far that went, and may look further.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Actor
from connector.store.tables import events, leads, records, scores
from connector.store.types import AnyRow

WINDOW = 2_000
"""Leads of the list that one look for an account or an action passes at most."""
MOST_FOUND = 500
"""Records that a name finds at most, by each of the columns that it is looked for in."""
MOST_COUNTED = 10_000
"""Leads of a tier that are counted."""
_LAST = "\U0010ffff"
"""Behind every other character."""

Place = tuple[Decimal, int]
"""(score, lead id): of the last row of a page, or of where a look ended."""

_s, _r = scores.c, records.c
_SHOWN = (_s.lead_id, _s.score, _s.probability, _s.tier, _s.reasons)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads; every part that is given must hold. ``company`` is the key of a company, a domain most often."""

    tier: str | None = None
    company: str | None = None
    connection_id: UUID | None = None
    acted_since: datetime | None = None
    lowest_first: bool = False


def page(
    connection: Connection, tenant_id: UUID, wanted: Wanted, after: Place | None, limit: int
) -> tuple[Sequence[AnyRow], Place | None]:
    """Return scored leads behind ``after``; and, where fewer than ``limit`` were found, where the look ended.

    That is None where the list ended.
    """
    if wanted.connection_id is None and wanted.acted_since is None:
        shown: sa.Select[Any] = sa.select(*_SHOWN)
        query = _ordered(shown.where(*_by_index(tenant_id, wanted, after)), wanted)
        return connection.execute(query.limit(limit)).all(), None
    places: sa.Select[Any] = sa.select(_s.lead_id, _s.score)
    listed = _ordered(places.where(*_by_index(tenant_id, wanted, after)), wanted)
    window = listed.limit(WINDOW).subquery().c
    order = (window.score, window.lead_id) if wanted.lowest_first else (window.score.desc(), window.lead_id.desc())
    fitting = sa.select(window.lead_id).where(*_by_records(tenant_id, wanted, window.lead_id)).order_by(*order)
    ids = list(connection.execute(fitting.limit(limit)).scalars())
    # Reasons and all else are read of those alone that fit.
    chosen: sa.Select[Any] = sa.select(*_SHOWN)
    rows = connection.execute(_ordered(chosen.where(_s.tenant_id == tenant_id, _s.lead_id.in_(ids)), wanted)).all()
    if len(rows) == limit:
        return rows, None
    end = connection.execute(listed.offset(WINDOW - 1).limit(1)).one_or_none()
    return rows, (end.score, end.lead_id) if end else None


def _ordered(query: sa.Select[Any], wanted: Wanted) -> sa.Select[Any]:
    if wanted.lowest_first:
        return query.order_by(_s.score, _s.lead_id)
    return query.order_by(_s.score.desc(), _s.lead_id.desc())


def _by_index(tenant_id: UUID, wanted: Wanted, after: Place | None) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = [_s.tenant_id == tenant_id]
    if wanted.tier is not None:
        found.append(_s.tier == wanted.tier)
    if wanted.company is not None:
        members = sa.select(leads.c.id).where(leads.c.tenant_id == tenant_id, leads.c.company_key == wanted.company)
        found.append(_s.lead_id.in_(members))
    if after is not None:
        # As one comparison of both: an index is entered where the former page ended.
        here, there = (
            sa.tuple_(_s.score, _s.lead_id),
            sa.tuple_(*map(sa.literal, after, (_s.score.type, _s.lead_id.type))),
        )
        found.append(here > there if wanted.lowest_first else here < there)
    return found


def _by_records(tenant_id: UUID, wanted: Wanted, lead_id: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
    own = sa.and_(_r.tenant_id == tenant_id, _r.lead_id == lead_id, _r.removed_at.is_(None))
    found: list[sa.ColumnElement[bool]] = []
    if wanted.connection_id is not None:
        # In a function, so that no index of the account's records is taken instead of the lead's few.
        account = sa.func.coalesce(_r.connection_id, _r.connection_id)
        found.append(_one_by_one(sa.select(_r.id).where(own, account == wanted.connection_id)))
    if wanted.acted_since is not None:
        e = events.c
        acted = sa.and_(e.record_id == _r.id, e.at >= wanted.acted_since, e.actor == Actor.LEAD)
        found.append(_one_by_one(sa.select(e.id).where(own, acted)))
    return found


def _one_by_one(query: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Whether a query finds something, asked for each lead: the offset keeps PostgreSQL from joining all events."""
    return query.offset(0).exists()


def counted(connection: Connection, tenant_id: UUID, tiers: Iterable[str]) -> dict[str, int]:
    """Return tier → leads, counted to :data:`MOST_COUNTED` and one: a million are not gone through for a number."""
    found = {}
    for tier in tiers:
        some = sa.select(_s.lead_id).where(_s.tenant_id == tenant_id, _s.tier == tier).limit(MOST_COUNTED + 1)
        found[tier] = connection.execute(sa.select(sa.func.count()).select_from(some.subquery())).scalar_one()
    return found


def called(connection: Connection, tenant_id: UUID, begins: str) -> tuple[set[int], bool]:
    """Return the leads whose first, last or company's name begins so (as ``searching.folded`` writes it).

    And whether there may be more of them.
    """
    found: set[int] = set()
    more = False
    for column in (_r.name_key, _r.surname_key, _r.firm_key):
        query = sa.select(_r.lead_id).where(
            _r.tenant_id == tenant_id, column >= begins, column < begins + _LAST, _r.removed_at.is_(None)
        )
        some = connection.execute(query.order_by(column).limit(MOST_FOUND)).scalars().all()
        more = more or len(some) == MOST_FOUND
        found.update(lead for lead in some if lead is not None)
    return found, more


def addressed(connection: Connection, tenant_id: UUID, person_key: str) -> set[int]:
    """Return the leads that an address, as identity knows it, belongs to."""
    query = sa.select(_r.lead_id).where(_r.tenant_id == tenant_id, _r.person_key == person_key)
    return {lead for lead in connection.execute(query).scalars() if lead is not None}


def best_of(connection: Connection, tenant_id: UUID, lead_ids: Collection[int], limit: int) -> Sequence[AnyRow]:
    """Return those of these leads with the highest scores; those without a score come last, their columns None."""
    shown = (leads.c.id.label("lead_id"), *_SHOWN[1:])
    joined = leads.join(scores, _s.lead_id == leads.c.id, isouter=True)
    query = sa.select(*shown).select_from(joined).where(leads.c.tenant_id == tenant_id, leads.c.id.in_(lead_ids))
    height = sa.func.coalesce(_s.score, -1)
    return connection.execute(query.order_by(height.desc(), leads.c.id).limit(limit)).all() if lead_ids else ()


def last_acts(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> dict[int, datetime]:
    """Return lead → when it did something last, of those of these leads that a CRM tells an action of."""
    query = (
        sa.select(_r.lead_id, sa.func.max(events.c.at).label("at"))
        .join(events, events.c.record_id == _r.id)
        .where(_r.tenant_id == tenant_id, _r.lead_id.in_(lead_ids), events.c.actor == Actor.LEAD)
        .group_by(_r.lead_id)
    )
    return {row.lead_id: row.at for row in connection.execute(query)} if lead_ids else {}
