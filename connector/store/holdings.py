"""Every row that is held of one person."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store import successions
from connector.store.tables import (
    changes,
    companies,
    conversions,
    events,
    excluded_leads,
    exclusions,
    experiment_leads,
    experiments,
    forecast_leads,
    forecasts,
    inbox,
    leads,
    ledger,
    ledger_payloads,
    links,
    lookbacks,
    outbox,
    overrides,
    records,
    rejections,
    scores,
    traces,
    tracked_events,
    visitors,
    webhook_events,
)
from connector.store.types import AnyRow

Rows = Sequence[AnyRow]


@dataclass(frozen=True, slots=True)
class Holdings:
    """The rows of one lead by what they are; ``entries`` are the ledger's with their bodies.

    ``joined`` are leads that ended by joining it; their entries are among ``entries``.
    """

    leads: Rows
    records: Rows
    changes: Rows
    links: Rows
    companies: Rows
    events: Rows
    conversions: Rows
    visitors: Rows
    tracked: Rows
    scores: Rows
    joined: Rows
    entries: Rows
    outbox: Rows
    traces: Rows
    hints: Rows
    refusals: Rows
    messages: Rows
    trials: Rows
    overrides: Rows
    exclusions: Rows
    lists: Rows
    looks: Rows


def of_lead(connection: Connection, tenant_id: UUID, lead_id: int, addresses: Collection[str]) -> Holdings:
    """Read everything of one lead of a tenant; ``addresses``: all that their records have or had."""

    def read(query: sa.Select[Any]) -> Rows:
        return connection.execute(query).all()

    r = records.c
    mine = sa.and_(r.tenant_id == tenant_id, r.lead_id == lead_id)
    ids = sa.select(r.id).where(mine)

    def of_records(table: sa.Table, *order: sa.ColumnElement[Any]) -> Rows:
        return read(sa.select(table).where(table.c.record_id.in_(ids)).order_by(*order))

    def of_vendor_ids(table: sa.Table, column: sa.ColumnElement[Any]) -> Rows:
        same = sa.and_(table.c.connection_id == r.connection_id, column == r.vendor_id)
        return read(sa.select(table).join(records, same).where(mine))

    def happened(table: sa.Table) -> Rows:
        waiting = sa.and_(table.c.tenant_id == tenant_id, table.c.record_id.is_(None), table.c.subject.in_(subjects))
        return read(
            sa.select(table).where(sa.or_(table.c.record_id.in_(ids), waiting)).order_by(table.c.at, table.c.id)
        )

    subjects = sorted(f"email:{address}" for address in addresses)
    named = sa.select(r.person_key).where(mine, r.person_key.is_not(None))
    visiting = sa.select(visitors).where(visitors.c.tenant_id == tenant_id, visitors.c.person_key.in_(named))
    theirs = visiting.with_only_columns(visitors.c.id)
    company = sa.and_(companies.c.connection_id == r.connection_id, companies.c.vendor_id == r.company_id)
    employers = sa.select(companies.c.id).join(records, company).where(mine)
    body = sa.and_(ledger.c.tenant_id == ledger_payloads.c.tenant_id, ledger.c.seq == ledger_payloads.c.seq)
    entries = sa.select(ledger.c.seq, ledger.c.kind, ledger.c.at, ledger.c.lead_id, ledger_payloads.c.body)
    joined = successions.joined(connection, tenant_id, lead_id)
    theirs_too = [lead_id, *(row.lead_id for row in joined)]
    tried, listed = experiment_leads.c, forecast_leads.c
    dated = sa.select(changes, r.connection_id).join(records, r.id == changes.c.record_id)
    return Holdings(
        leads=read(sa.select(leads).where(leads.c.tenant_id == tenant_id, leads.c.id == lead_id)),
        records=read(sa.select(records).where(mine).order_by(r.id)),
        changes=read(dated.where(mine).order_by(r.id, changes.c.name, changes.c.at)),
        links=of_records(links, links.c.vendor_id),
        companies=read(sa.select(companies).where(companies.c.id.in_(employers))),
        events=happened(events),
        conversions=happened(conversions),
        visitors=read(visiting.order_by(visitors.c.id)),
        tracked=read(
            sa.select(tracked_events).where(tracked_events.c.visitor_id.in_(theirs)).order_by(tracked_events.c.at)
        ),
        scores=read(sa.select(scores).where(scores.c.tenant_id == tenant_id, scores.c.lead_id == lead_id)),
        joined=joined,
        entries=read(
            entries.select_from(ledger.outerjoin(ledger_payloads, body))
            .where(ledger.c.tenant_id == tenant_id, ledger.c.lead_id.in_(theirs_too))
            .order_by(ledger.c.seq)
        ),
        outbox=of_records(outbox),
        traces=of_records(traces, traces.c.id),
        hints=of_vendor_ids(inbox, inbox.c.subject),
        refusals=of_vendor_ids(rejections, rejections.c.vendor_id),
        messages=read(
            sa.select(webhook_events.c.kind, webhook_events.c.data, webhook_events.c.created_at)
            .where(webhook_events.c.tenant_id == tenant_id, webhook_events.c.lead_id == lead_id)
            .order_by(webhook_events.c.created_at, webhook_events.c.id)
        ),
        trials=read(
            sa.select(
                experiments.c.kind,
                tried.treated,
                tried.added_at,
                tried.hot_at,
                experiments.c.begun_at,
                experiments.c.ended_at,
            )
            .join(experiments, experiments.c.id == tried.experiment_id)
            .where(tried.tenant_id == tenant_id, tried.lead_id == lead_id)
            .order_by(experiments.c.begun_at)
        ),
        overrides=read(
            sa.select(overrides)
            .join(records, r.id == overrides.c.record_id)
            .where(mine)
            .order_by(overrides.c.made_at, overrides.c.id)
        ),
        exclusions=read(
            sa.select(exclusions)
            .join(excluded_leads, excluded_leads.c.exclusion_id == exclusions.c.id)
            .where(excluded_leads.c.tenant_id == tenant_id, excluded_leads.c.lead_id == lead_id)
            .order_by(exclusions.c.made_at, exclusions.c.id)
        ),
        lists=read(
            sa.select(listed.place, forecasts.c.made_at, forecasts.c.opens_at)
            .join(forecasts, forecasts.c.id == listed.forecast_id)
            .where(listed.tenant_id == tenant_id, listed.lead_id == lead_id)
            .order_by(forecasts.c.made_at)
        ),
        looks=read(
            sa.select(lookbacks)
            .where(lookbacks.c.tenant_id == tenant_id, lookbacks.c.lead_id == lead_id)
            .order_by(lookbacks.c.model, lookbacks.c.days_before)
        ),
    )
