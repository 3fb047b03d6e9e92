"""The statements that frames are read by: one for each shape of a question, made once.

Making a statement costs a lead that comes alone as much as asking it. So what differs between two questions of one
shape are parameters: ``tenant``, ``leads`` (those of a cut), ``since``, ``those`` (companies), ``people`` (keys).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from functools import lru_cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from connector.store import exclusions, objections
from connector.store.tables import (
    changes,
    companies,
    connections,
    conversions,
    events,
    leads,
    records,
    tracked_events,
    visitors,
)
from connector.store.tracked import IDENTIFIED
from connector.store.types import BigId, UtcTime

_mine = leads.alias("mine")

_TENANT = sa.bindparam("tenant", type_=sa.Uuid())
_LEADS = sa.bindparam("leads", type_=BigId, expanding=True)
_SINCE = sa.bindparam("since", type_=UtcTime())


class Reach(Enum):
    """Whose rows are read: all of a tenant's, those of a cut's leads, or of all who have a company with one of them."""

    ALL = auto()
    THESE = auto()
    COLLEAGUES = auto()


def _held(reach: Reach, lead_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether a column names a lead of the cut."""
    if reach is Reach.THESE:
        return lead_id.in_(_LEADS)
    companies_of = sa.select(_mine.c.tenant_id, _mine.c.company_key).where(
        _mine.c.id.in_(_LEADS), _mine.c.company_key.is_not(None)
    )
    key = companies_of.distinct().subquery()
    same = sa.and_(leads.c.tenant_id == key.c.tenant_id, leads.c.company_key == key.c.company_key)
    return lead_id.in_(sa.select(leads.c.id).join(key, same))


def _cut(query: sa.Select[Any], lead_id: sa.ColumnElement[Any], reach: Reach) -> sa.Select[Any]:
    return query if reach is Reach.ALL else query.where(_held(reach, lead_id))


def _of_tenant(table: sa.Table, reach: Reach) -> sa.ColumnElement[bool]:
    """Whether rows of a table that is joined with their records are the tenant's.

    Asked of the records of a cut: a database without statistics would else read all that the tenant has of ``table``.
    """
    owner: sa.Column[UUID] = (table if reach is Reach.ALL else records).c.tenant_id
    return owner == _TENANT


def _of_records(
    table: sa.Table, columns: Sequence[sa.ColumnElement[Any]], reach: Reach, *where: sa.ColumnElement[bool]
) -> sa.Select[Any]:
    """The leads of rows of a table that belong to records, and columns."""
    query = sa.select(records.c.lead_id, *columns).join(records, records.c.id == table.c.record_id)
    query = query.where(_of_tenant(table, reach), *where, records.c.lead_id.is_not(None))
    return _cut(query, records.c.lead_id, reach)


@lru_cache
def of_leads(reach: Reach) -> sa.Select[Any]:
    """Leads with an open record that may be scored, in the order of their ids."""
    is_open = (records.c.tenant_id == _TENANT, records.c.removed_at.is_(None))
    open_ones = sa.select(records.c.lead_id).where(*is_open)
    if reach is Reach.ALL:
        known = sa.and_(leads.c.tenant_id == _TENANT, leads.c.id.in_(open_ones))
    else:
        # Whose leads they are is asked of their records: by ``leads`` the database might read all of the tenant's.
        known = sa.and_(open_ones.where(records.c.lead_id == leads.c.id).exists(), _held(reach, leads.c.id))
    query = sa.select(
        leads.c.id.label("lead_id"),
        leads.c.created_at,
        leads.c.company_key,
        leads.c.email_kind,
    ).where(
        known,
        leads.c.id.not_in(objections.leads_of(_TENANT)),
        leads.c.id.not_in(exclusions.leads_of(_TENANT)),
    )
    return query.order_by(leads.c.id)


@lru_cache
def of_values(reach: Reach, vendor: str, names: tuple[str, ...]) -> sa.Select[Any]:
    """Values of the named fields of one vendor's records."""
    query = _of_records(
        changes,
        (
            (vendor + "." + changes.c.name).label("field"),
            changes.c.value,
            changes.c.at.label("known_at"),
            records.c.created_at.label("born"),
            records.c.values_since.label("own_since"),
        ),
        reach,
        connections.c.vendor == vendor,
        changes.c.name.in_(names),
    )
    return query.join(connections, connections.c.id == records.c.connection_id)


@lru_cache
def of_links(reach: Reach) -> sa.Select[Any]:
    """Which companies are behind records, and since when."""
    joined = sa.and_(
        companies.c.connection_id == records.c.connection_id, companies.c.vendor_id == records.c.company_id
    )
    since = sa.func.coalesce(records.c.company_since, records.c.created_at).label("born")
    query = sa.select(records.c.lead_id, companies.c.id.label("company"), since).join(companies, joined)
    return _cut(query.where(records.c.tenant_id == _TENANT, records.c.lead_id.is_not(None)), records.c.lead_id, reach)


COMPANIES = (
    sa.select(companies.c.id, connections.c.vendor, sa.cast(companies.c.properties, sa.Text).label("properties"))
    .join(connections, connections.c.id == companies.c.connection_id)
    .where(companies.c.tenant_id == _TENANT)
)
SOME_COMPANIES = COMPANIES.where(companies.c.id.in_(sa.bindparam("those", type_=BigId, expanding=True)))


Chosen = tuple[str | None, bool]
"""Of which actor events are asked for (None: all), and whether since then alone."""


@lru_cache
def of_events(reach: Reach, chosen: Chosen) -> sa.Select[Any]:
    """Engagement events of the CRMs."""
    c = events.c
    return _of_records(events, (c.at, c.kind, c.actor, c.detail), reach, *_choice(c, chosen))


def _choice(columns: Any, chosen: Chosen) -> list[sa.ColumnElement[bool]]:
    actor, dated = chosen
    return [*([columns.actor == actor] if actor else []), *([columns.at >= _SINCE] if dated else [])]


@lru_cache
def of_tracked(chosen: Chosen) -> sa.Select[Any]:
    """Events of the tenant's sites, by ``people``."""
    return _acts(visitors.c.person_key, chosen).where(
        visitors.c.person_key.in_(sa.bindparam("people", type_=sa.Text(), expanding=True))
    )


@lru_cache
def of_all_tracked(chosen: Chosen) -> sa.Select[Any]:
    """The same of all of a tenant's leads."""
    people = _visiting()
    query = _acts(people.c.lead_id, chosen).join(people, people.c.person_key == visitors.c.person_key)
    return query.where(tracked_events.c.tenant_id == _TENANT)


def _acts(whose: sa.ColumnElement[Any], chosen: Chosen) -> sa.Select[Any]:
    v, e = visitors.c, tracked_events.c
    known_at = sa.case((v.identified_at > e.received_at, v.identified_at), else_=e.received_at).label("known_at")
    query = sa.select(whose, e.at, e.kind, e.actor, e.detail, known_at).select_from(
        tracked_events.join(visitors, v.id == e.visitor_id)
    )
    return query.where(v.tenant_id == _TENANT, e.kind != IDENTIFIED, *_choice(e, chosen))


def _visiting() -> sa.Subquery:
    """The leads of all who are known as visitors, by person key."""
    v, r = visitors.c, records.c
    known = sa.select(v.person_key).where(v.tenant_id == _TENANT, v.person_key.is_not(None))
    return (
        sa.select(r.person_key, sa.func.min(r.lead_id).label("lead_id"))
        .where(r.tenant_id == _TENANT, r.lead_id.is_not(None), r.person_key.in_(known))
        .group_by(r.person_key)
        .subquery()
    )


@lru_cache
def of_visitors(reach: Reach) -> sa.Select[Any]:
    """Person keys of a cut's leads that are known as visitors."""
    v, r = visitors.c, records.c
    visits = sa.exists().where(v.tenant_id == _TENANT, v.person_key == r.person_key)
    return sa.select(r.person_key, r.lead_id).where(r.tenant_id == _TENANT, _held(reach, r.lead_id), visits)


@lru_cache
def of_conversions(reach: Reach, kind: str) -> sa.Select[Any]:
    """Outcomes of one kind."""
    c = conversions.c
    return _of_records(conversions, (c.at,), reach, c.kind == kind, c.at.is_not(None))
