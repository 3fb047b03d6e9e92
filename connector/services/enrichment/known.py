"""What is known of leads from other sources, as the models see it: dated values, each from when it could be known.

A value counts from its own time on, and never before the lead had this company: a contact that a CRM ties to an
account when a deal opens tells nothing of that account before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import polars as pl
from sqlalchemy.engine import Connection

from connector.adapters.enrichment.registry import fields_of, label_of
from connector.services.addresses import company_domain, site_domain
from connector.store import enriched, enrichment
from connector.store.enrichment import Source
from connector.store.types import AnyRow
from scoring.schema import UTC_TIME, VALUES, Field, FieldType, Knowledge


def sources_in_use(session: Connection, tenant_id: UUID) -> Sequence[Source]:
    """Return the sources that are on and have told something."""
    found = [source for source in enrichment.of_tenant(session, tenant_id) if source.enabled]
    return found if enriched.told(session, tenant_id, [source.name for source in found]) else []


def fields(sources: Sequence[Source]) -> tuple[Field, ...]:
    """Describe the sources' fields, each under its source's name."""
    return tuple(
        Field(
            name=f"{source.name}.{item.name}",
            label=f"{item.label} (from {label_of(source.name, source.config)})",
            type=FieldType(item.type),
            knowledge=Knowledge.DATED,
        )
        for source in sources
        for item in fields_of(source.name, source.config)
    )


def values(
    session: Connection, tenant_id: UUID, sources: Sequence[Source], leads: pl.DataFrame, *, cut: bool
) -> pl.DataFrame:
    """Return the values of these ``leads`` (lead_id, created_at, company_key); ``cut``: they are few."""
    domains = {key: site_domain(key) for key in leads["company_key"].drop_nulls().unique()}
    known = [(key, domain) for key, domain in domains.items() if domain is not None]
    sites = pl.DataFrame(known, schema={"company_key": pl.String, "domain": pl.String}, orient="row")
    told = enriched.value_frame(
        session, tenant_id, [source.name for source in sources], {domain for _, domain in known} if cut else None
    )
    mine = leads.join(sites, on="company_key").select("lead_id", "created_at", "domain")
    mine = mine.filter(pl.col("domain").is_in(told["domain"].unique().to_list()))
    since = _since(session, tenant_id, mine, cut=cut)
    dated = mine.join(since, on="lead_id", how="left").join(told.rename({"known_at": "told_at"}), on="domain")
    dated = dated.with_columns(known_at=pl.max_horizontal("told_at", "since"))
    # Of what came to count at one time the newest is the last, whatever order it was read in.
    ordered = dated.sort("lead_id", "field", "known_at", "told_at", "value")
    last = ordered.group_by("lead_id", "field", "known_at", maintain_order=True).agg(pl.col("value").last())
    return last.select(VALUES.names()).cast(VALUES)


def _since(session: Connection, tenant_id: UUID, leads: pl.DataFrame, *, cut: bool) -> pl.DataFrame:
    """Return lead_id, since: from when a lead is known to have its company, where that is later than its creation."""
    ties = enriched.ties(session, tenant_id, leads["lead_id"].to_list() if cut else None)
    found = []
    for lead_id, created_at, domain in leads.iter_rows():
        if lead_id in ties and (since := _tied(ties[lead_id], domain)) is not None and since > created_at:
            found.append((lead_id, since))
    return pl.DataFrame(found, schema={"lead_id": pl.Int64, "since": UTC_TIME}, orient="row")


def _tied(rows: Sequence[AnyRow], domain: str) -> datetime | None:
    by_crm = [row.company_since or row.created_at for row in rows if row.domain and site_domain(row.domain) == domain]
    by_address = [
        row.created_at for row in rows if (found := company_domain(row.email)) and site_domain(found) == domain
    ]
    return min((*by_crm, *by_address), default=None)


def of_company(
    session: Connection, tenant_id: UUID, company_key: str | None, now: datetime
) -> Sequence[tuple[Source, AnyRow]]:
    """Return what the sources in use tell of a lead's company as of now."""
    domain = site_domain(company_key) if company_key else None
    if domain is None:
        return []
    in_use: Mapping[str, Source] = {source.name: source for source in sources_in_use(session, tenant_id)}
    rows = enriched.of_domain(session, tenant_id, domain, now)
    return [(in_use[row.source], row) for row in rows if row.source in in_use]
