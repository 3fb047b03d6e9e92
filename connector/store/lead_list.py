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
MOST_OWNED = 10_000
"""Records of an owner that are found by their index; of whoever has more, one look at the list finds some anyhow."""
_LAST = "\U0010ffff"
"""Behind every other character."""

MOST_OWNERS = 200
"""Owners of an account that are offered."""

Owner = tuple[UUID, str]
"""(account, the CRM's own id): who has records there."""

Place = tuple[Decimal, int]
"""(score, lead id): of the last row of a page, or of where a look ended."""

_s, _r = scores.c, records.c
_SHOWN = (_s.lead_id, _s.score, _s.probability, _s.tier, _s.reasons, _s.by_hand)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which leads; every part that is given must hold. ``company`` is the key of a company, a domain most often.

    ``owner``: a record of the lead in that account is theirs.
    """

    tier: str | None = None
    company: str | None = None
    connection_id: UUID | None = None
    acted_since: datetime | None = None
    owner: Owner | None = None
    lowest_first: bool = False


def page(
    connection: Connection, tenant_id: UUID, wanted: Wanted, after: Place | None, limit: int
) -> tuple[Sequence[AnyRow], Place | None]:
    """Return scored leads behind ``after``; and, where fewer than ``limit`` were found, where the look ended.

    That is None where the list ended.
    """
    few = wanted.owner is not None and _owns_few(connection, tenant_id, wanted.owner)
    # Of an owner's few leads all are sorted: a sum is no index, down which either database would look for them.
    look = _Look(tenant_id, wanted, few, _s.score + 0 if few else _s.score)
    if wanted.connection_id is None and wanted.acted_since is None and (few or wanted.owner is None):
        shown: sa.Select[Any] = sa.select(*_SHOWN)
        query = look.ordered(shown.where(*look.by_index(after)))
        return connection.execute(query.limit(limit)).all(), None
    places: sa.Select[Any] = sa.select(_s.lead_id, _s.score)
    listed = look.ordered(places.where(*look.by_index(after)))
    window = listed.limit(WINDOW).subquery().c
    order = (window.score, window.lead_id) if wanted.lowest_first else (window.score.desc(), window.lead_id.desc())
    fitting = sa.select(window.lead_id).where(*look.by_records(window.lead_id)).order_by(*order)
    ids = list(connection.execute(fitting.limit(limit)).scalars())
    # Reasons and all else are read of those alone that fit.
    chosen: sa.Select[Any] = sa.select(*_SHOWN)
    rows = connection.execute(look.ordered(chosen.where(_s.tenant_id == tenant_id, _s.lead_id.in_(ids)))).all()
    if len(rows) == limit:
        return rows, None
    end = connection.execute(listed.offset(WINDOW - 1).limit(1)).one_or_none()
    return rows, (end.score, end.lead_id) if end else None


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the list. ``few``: the owner's leads are found by their index; ``height`` is what is sorted by."""

    tenant_id: UUID
    wanted: Wanted
    few: bool
    height: sa.ColumnElement[Any]

    def ordered(self, query: sa.Select[Any]) -> sa.Select[Any]:
        if self.wanted.lowest_first:
            return query.order_by(self.height, _s.lead_id)
        return query.order_by(self.height.desc(), _s.lead_id.desc())

    def by_index(self, after: Place | None) -> list[sa.ColumnElement[bool]]:
        tenant_id, wanted = self.tenant_id, self.wanted
        found: list[sa.ColumnElement[bool]] = [_s.tenant_id == tenant_id]
        if wanted.tier is not None:
            found.append(_s.tier == wanted.tier)
        if wanted.company is not None:
            members = sa.select(leads.c.id).where(leads.c.tenant_id == tenant_id, leads.c.company_key == wanted.company)
            found.append(_s.lead_id.in_(members))
        if wanted.owner is not None and self.few:
            found.append(_s.lead_id.in_(owned(tenant_id, wanted.owner)))
        if after is not None:
            # As one comparison of both: an index is entered where the former page ended.
            here, there = (
                sa.tuple_(self.height, _s.lead_id),
                sa.tuple_(*map(sa.literal, after, (_s.score.type, _s.lead_id.type))),
            )
            found.append(here > there if wanted.lowest_first else here < there)
        return found

    def by_records(self, lead_id: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
        wanted = self.wanted
        own = sa.and_(_r.tenant_id == self.tenant_id, _r.lead_id == lead_id, _r.removed_at.is_(None))
        # In a function, so that no index of the account's records is taken instead of the lead's few.
        account = sa.func.coalesce(_r.connection_id, _r.connection_id)
        found: list[sa.ColumnElement[bool]] = []
        if wanted.connection_id is not None:
            found.append(_one_by_one(sa.select(_r.id).where(own, account == wanted.connection_id)))
        if wanted.owner is not None and not self.few:
            theirs = sa.and_(account == wanted.owner[0], _r.owner_key == wanted.owner[1])
            found.append(_one_by_one(sa.select(_r.id).where(own, theirs)))
        if wanted.acted_since is not None:
            e = events.c
            acted = sa.and_(e.record_id == _r.id, e.at >= wanted.acted_since, e.actor == Actor.LEAD)
            found.append(_one_by_one(sa.select(e.id).where(own, acted)))
        return found


def owned(tenant_id: UUID, owner: Owner) -> sa.Select[Any]:
    """Return the query for the leads that somebody has in an account."""
    account, key = owner
    mine = sa.and_(_r.connection_id == account, _r.owner_key == key, _r.removed_at.is_(None))
    return sa.select(_r.lead_id).where(_r.tenant_id == tenant_id, mine)


def _owns_few(connection: Connection, tenant_id: UUID, owner: Owner) -> bool:
    some = owned(tenant_id, owner).limit(MOST_OWNED + 1).subquery()
    return bool(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one() <= MOST_OWNED)


def owners(connection: Connection, tenant_id: UUID, accounts: Iterable[UUID]) -> list[Owner]:
    """Return who has records in accounts, by account and id, up to :data:`MOST_OWNERS` of each."""
    found: list[Owner] = []
    for account in accounts:
        asked = {"tenant": tenant_id, "account": account, "most": MOST_OWNERS}
        found += [(account, key) for key in connection.execute(_OWNERS, asked).scalars()]
    return found


def owners_of(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> dict[int, list[Owner]]:
    """Return lead → who has its records, of those of these leads that somebody has."""
    query = sa.select(_r.lead_id, _r.connection_id, _r.owner_key).where(
        _r.tenant_id == tenant_id, _r.lead_id.in_(lead_ids), _r.removed_at.is_(None), _r.owner_key.is_not(None)
    )
    found: dict[int, list[Owner]] = {}
    for row in connection.execute(query.order_by(_r.id)) if lead_ids else ():
        found.setdefault(row.lead_id, []).append((row.connection_id, row.owner_key))
    return found


def _next_owner(behind: sa.ColumnElement[bool]) -> sa.Select[Any]:
    mine = sa.and_(_r.connection_id == sa.bindparam("account"), _r.tenant_id == sa.bindparam("tenant"))
    there = sa.and_(mine, _r.owner_key.is_not(None), _r.removed_at.is_(None))
    return sa.select(sa.func.min(_r.owner_key).label("key")).where(there, behind)


_owner = _next_owner(sa.true()).cte("owner", recursive=True)
_owner = _owner.union_all(
    sa.select(_next_owner(_r.owner_key > _owner.c.key).scalar_subquery()).where(_owner.c.key.is_not(None))
)
_OWNERS = sa.select(_owner.c.key).where(_owner.c.key.is_not(None)).limit(sa.bindparam("most"))
"""From one owner to the next in the index: a million records are not gone through for some dozen ids."""


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
