"""From the store to ``scoring``: a tenant's history as frames, whole or of a few leads and what these need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import polars as pl

from connector.records import FieldRole
from connector.services import free_text
from connector.services.context import Services
from connector.services.enrichment import known
from connector.services.opening import app_of
from connector.services.privacy import elsewhere
from connector.services.privacy.sensitivity import barred
from connector.store import connections, fields, frames
from connector.store.frames import Cut, Source, view
from connector.store.tenants import TenantSettings
from scoring.schema import (
    AMOUNTS,
    CONVERSIONS,
    EXCLUSIONS,
    LEADS,
    READINGS,
    UTC_TIME,
    VALUES,
    Complexity,
    Field,
    FieldType,
    Goal,
    HighIntent,
    History,
    Knowledge,
    Neighbours,
    Timing,
)


def goal_of(settings: TenantSettings) -> Goal:
    """Translate a tenant's settings into the goal that ``scoring`` works for."""
    return Goal(
        name=settings.goal,
        timing=Timing(settings.timing),
        horizon_days=settings.horizon_days,
        maturity_days=settings.maturity_days,
        capacity=settings.capacity,
        high_intent=HighIntent(settings.high_intent),
        high_intent_share=settings.high_intent_share,
        high_intent_probability=settings.high_intent_probability,
        seller_activity=settings.seller_activity,
        complexity=Complexity(settings.complexity),
        most_facts=settings.most_facts,
    )


def history(
    services: Services,
    tenant_id: UUID,
    settings: TenantSettings,
    cut: Cut | None = None,
    beside: Neighbours | None = None,
) -> History:
    """Read everything that is known of a tenant's leads, not yet cut at any time.

    With ``cut``, of these leads alone, and of their neighbours what the models read of them: enough to score
    the leads of the cut, to the same bits. A cut is read in one view.
    """
    if cut is None:
        return _history(services, services.store, tenant_id, settings, None, None)
    with services.store.reading(tenant_id) as session:
        return _history(services, session, tenant_id, settings, cut, beside)


def _history(
    services: Services,
    source: Source,
    tenant_id: UUID,
    settings: TenantSettings,
    cut: Cut | None,
    beside: Neighbours | None,
) -> History:
    with view(source, tenant_id) as session:
        catalogue = list(fields.of_tenant(session, tenant_id))
        held = connections.of_tenant(session, tenant_id)
        vendors = {row.id: row.vendor for row in held}
        # Of several accounts of a CRM the newest one's: before that not all of them were read.
        installed = {row.vendor: row.installed_at for row in held}
    values = _values(source, tenant_id, catalogue, vendors, settings, cut)
    values = free_text.scrubbed(source, tenant_id, values, catalogue, vendors, settings.free_text, cut)
    goal_field = _goal_field(settings)
    crms = {vendor: app_of(services, vendor).capabilities.label for vendor in set(vendors.values())}
    described = _told_apart(_fields(catalogue, vendors, settings, goal_field), crms)
    described = _watched(described, values, installed)
    leads = frames.lead_frame(source, tenant_id, cut)
    bought_fields, bought = _bought(source, tenant_id, settings, leads, cut)
    conversions = _conversions(source, tenant_id, settings, values, cut)
    ordered = settings.timing == Timing.ORDERED
    usable = [
        item.name
        for item in described
        if not (item.system or item.own or item.blocked) or (_bare(item.name) in settings.attributes and not item.own)
    ]
    events = frames.event_frame(source, tenant_id, cut)
    readable = values.filter(pl.col("field").is_in(usable))
    if cut is not None and beside is not None:
        others, acts = _neighbours(source, tenant_id, cut, beside)
        leads, events = pl.concat([leads, others]), pl.concat([events, acts], how="diagonal")
    events = elsewhere.readable(events, settings.decided)
    return History(
        leads=_ordered(leads, values, settings)[LEADS.names()],
        values=pl.concat([_known(readable, described, leads), bought]),
        events=events,
        conversions=conversions[CONVERSIONS.names()],
        exclusions=pl.DataFrame(schema=EXCLUSIONS) if ordered else _exclusions(values, catalogue, vendors),
        fields=(*described, *bought_fields),
        # What conversions brought is learned from, never scored by.
        amounts=_amounts(services, tenant_id, settings) if cut is None else pl.DataFrame(schema=AMOUNTS),
        readings=_readings(readable, described),
    )


def conversion_times(services: Services, tenant_id: UUID, settings: TenantSettings) -> Mapping[int, Sequence[datetime]]:
    """Return lead → when it converted, as far as that is known: all that a look at outcomes needs of the history."""
    if _goal_field(settings) is None:
        told = frames.conversion_frame(services.store, tenant_id, settings.goal)
    else:
        # Which value of the field means it is told by the values alone.
        told = history(services, tenant_id, settings).conversions
    times: dict[int, list[datetime]] = {}
    for lead, at in told.drop_nulls("at").select("lead_id", "at").iter_rows():
        times.setdefault(lead, []).append(at)
    return times


def _bought(
    source: Source, tenant_id: UUID, settings: TenantSettings, leads: pl.DataFrame, cut: Cut | None
) -> tuple[tuple[Field, ...], pl.DataFrame]:
    """What other sources tell of the leads' companies; nothing where the tenant's leads have no dates to cut at."""
    with view(source, tenant_id) as session:
        sources = known.sources_in_use(session, tenant_id) if settings.timing == Timing.DATED else []
        if not sources:
            return (), pl.DataFrame(schema=VALUES)
        told = known.values(session, tenant_id, sources, leads, cut=cut is not None)
    kept_from_models = {item.name for item in elsewhere.listed(sources, settings.decided) if item.barred is not None}
    described = [replace(item, blocked=item.name in kept_from_models) for item in known.fields(sources)]
    return tuple(described), told.filter(~pl.col("field").is_in(kept_from_models))


def _neighbours(source: Source, tenant_id: UUID, cut: Cut, beside: Neighbours) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Leads and events of those who have a company with leads of the cut, without the latter."""
    wider, other = replace(cut, colleagues=True), ~pl.col("lead_id").is_in(list(cut.lead_ids))
    acts = frames.event_frame(source, tenant_id, wider, actor=beside.actor, since=beside.since)
    return frames.lead_frame(source, tenant_id, wider).filter(other), acts.filter(other)


def parted(history: History, settings: TenantSettings) -> str | None:
    """Return the field whose values may get models of their own, as the history calls it; else the name as set."""
    wanted = settings.segment
    known = [item.name for item in history.fields if wanted in (item.name, _bare(item.name))]
    return known[0] if known else wanted


def audited(history: History, settings: TenantSettings) -> list[str]:
    """Return the fields over whose values figures are compared, as the history calls them; else the name as set."""
    found = {name: [item.name for item in history.fields if _bare(item.name) == name] for name in settings.attributes}
    return [full for name, fields in found.items() for full in fields or [name]]


def _bare(name: str) -> str:
    return name.partition(".")[2]


def _values(
    source: Source,
    tenant_id: UUID,
    catalogue: Sequence[Any],
    vendors: Mapping[UUID, str],
    settings: TenantSettings,
    cut: Cut | None,
) -> pl.DataFrame:
    """All values that may be needed: the models' own, the goal's, the population's and those to be compared over."""
    parts = []
    for vendor in sorted(set(vendors.values())):
        names = sorted(
            {
                row.name
                for row in catalogue
                if vendors[row.connection_id] == vendor
                and not row.company
                and not row.own
                and (not row.personal or row.name in (*settings.attributes, *settings.free_text))
            }
        )
        parts.append(frames.value_frame(source, tenant_id, vendor, names, cut))
    company = frames.company_value_frame(source, tenant_id, cut)
    parts.append(company.with_columns(pl.lit(None, dtype=UTC_TIME).alias("known_at")))
    return pl.concat(parts, how="diagonal_relaxed")


def _fields(
    catalogue: Sequence[Any], vendors: Mapping[UUID, str], settings: TenantSettings, goal_field: str | None
) -> tuple[Field, ...]:
    """Describe each field once (two accounts of one vendor share theirs)."""
    described: dict[str, Field] = {}
    for row in catalogue:
        name = f"{vendors[row.connection_id]}.{row.name}"
        words = row.name in settings.free_text and free_text.is_free_text(row)
        described[name] = Field(
            name=name,
            label=f"{row.label} of the company" if row.company else row.label,
            type=FieldType(row.type),
            knowledge=_knowledge(row, settings),
            system=row.system or row.name in (goal_field, settings.order_field),
            own=row.own,
            # Free text that an admin opted in is read without what names anybody.
            blocked=barred(row) is not None and not (words and row.personal and row.allowed is not False),
            words=words,
            source=row.role == FieldRole.SOURCE,
            options=tuple(sorted(row.options.items())),
        )
    return tuple(described.values())


def _told_apart(described: Sequence[Field], crms: Mapping[str, str]) -> tuple[Field, ...]:
    """Fields that people call alike in several CRMs are called by their CRM, too."""
    called: dict[str, set[str]] = {}
    for field in described:
        called.setdefault(field.label, set()).add(_vendor(field))
    return tuple(
        replace(field, label=f"{field.label} ({crms[_vendor(field)]})") if len(called[field.label]) > 1 else field
        for field in described
    )


def _vendor(field: Field) -> str:
    return field.name.partition(".")[0]


def _knowledge(row: Any, settings: TenantSettings) -> Knowledge:
    declared = row.knowledge or settings.knowledge.get(row.name)
    if declared:
        return Knowledge(declared)
    # Only a CRM's own history dates a value, and company fields have none.
    dated = settings.timing == Timing.DATED and row.history and not row.company
    return Knowledge.DATED if dated else Knowledge.UNDATED


def _known(values: pl.DataFrame, described: Sequence[Field], leads: pl.DataFrame) -> pl.DataFrame:
    """Keep dated values with their times; of the others the last one of each record.

    Those count from the record's beginning, which is no time at all for the lead's first record: a record
    that came later (a contact made when a deal was opened) tells nothing about the lead before. Neither do fields that
    only such a contact has, where the CRM says that it was a lead before.
    """
    record = ("lead_id", "field", "born", "own_since")
    later = pl.col("known_at").min().over(record) >= pl.col("own_since")
    dated = [item.name for item in described if item.knowledge is Knowledge.DATED]
    with_time = values.filter(pl.col("field").is_in(dated))
    last = (
        values.filter(~pl.col("field").is_in(dated))
        .join(leads[["lead_id", "created_at"]], on="lead_id")
        .with_columns(
            since=pl.when(later)
            .then(pl.col("own_since"))
            .when(pl.col("born") > pl.col("created_at"))
            .then(pl.col("born"))
        )
        # By value at last: of two records that say something else at one time the same one wins every time.
        .sort("lead_id", "field", "known_at", "value", nulls_last=False)
        .group_by("lead_id", "field", "since", maintain_order=True)
        .agg(pl.col("value").last())
        .with_columns(pl.col("since").alias("known_at"))
    )
    return pl.concat([with_time[VALUES.names()], last[VALUES.names()]])


def _watched(described: Sequence[Field], values: pl.DataFrame, installed: Mapping[str, datetime]) -> tuple[Field, ...]:
    """Note since when each undated field has been read again and again; a company's fields are not kept as read."""
    told = set(values.filter(pl.col("known_at").is_not_null())["field"].unique())
    return tuple(
        replace(field, watched_since=installed.get(_vendor(field)))
        if field.knowledge is Knowledge.UNDATED and field.name in told
        else field
        for field in described
    )


def _readings(values: pl.DataFrame, described: Sequence[Field]) -> pl.DataFrame:
    """When each value of an undated field was first seen: what was there at the first reading, at that reading."""
    watched = [(field.name, field.watched_since) for field in described if field.watched_since is not None]
    if not watched:
        return pl.DataFrame(schema=READINGS)
    since = pl.DataFrame(watched, schema={"field": pl.String, "since": UTC_TIME}, orient="row")
    seen = values.drop_nulls("known_at").join(since, on="field").sort("lead_id", "field", "known_at")
    moments = seen.with_columns(at=pl.max_horizontal("known_at", "since"))
    last = moments.group_by("lead_id", "field", "at", maintain_order=True).agg(pl.col("value").last())
    return last.select(READINGS.names())


def _goal_field(settings: TenantSettings) -> str | None:
    if not settings.goal.startswith("property:"):
        return None
    return settings.goal.removeprefix("property:").partition("=")[0]


def _conversions(
    source: Source, tenant_id: UUID, settings: TenantSettings, values: pl.DataFrame, cut: Cut | None
) -> pl.DataFrame:
    goal_field = _goal_field(settings)
    if goal_field is None:
        return frames.conversion_frame(source, tenant_id, settings.goal, cut)
    wanted = settings.goal.partition("=")[2]
    hits = values.filter(
        (pl.col("field").str.split_exact(".", 1).struct.field("field_1") == goal_field) & (pl.col("value") == wanted)
    )
    first = hits.group_by("lead_id").agg(pl.col("known_at").min().alias("at"))
    if settings.timing == Timing.DATED:
        return first
    return first.with_columns(pl.lit(None, dtype=UTC_TIME).alias("at"))


def _amounts(services: Services, tenant_id: UUID, settings: TenantSettings) -> pl.DataFrame:
    """What conversions brought, where the goal is an outcome that may have an amount."""
    if _goal_field(settings) is not None:
        return pl.DataFrame(schema=AMOUNTS)
    return frames.amount_frame(services.store, tenant_id, settings.goal).select(AMOUNTS.names())


def _ordered(leads: pl.DataFrame, values: pl.DataFrame, settings: TenantSettings) -> pl.DataFrame:
    """Add the order of intake; where only that is known, creation dates say nothing and go."""
    if settings.timing != Timing.ORDERED:
        return leads.hstack([pl.Series("intake_order", [None] * leads.height, pl.Int64)])
    order = (
        values.filter(pl.col("field").str.ends_with(f".{settings.order_field}"))
        .group_by("lead_id")
        .agg(pl.col("value").last().cast(pl.Float64, strict=False).cast(pl.Int64).alias("intake_order"))
    )
    return leads.join(order, on="lead_id", how="left").with_columns(pl.lit(None, dtype=UTC_TIME).alias("created_at"))


def _exclusions(values: pl.DataFrame, catalogue: Sequence[Any], vendors: Mapping[UUID, str]) -> pl.DataFrame:
    """Turn values that close a lead ("disqualified", "opted out") into spans of time."""
    rules = [
        (f"{vendors[row.connection_id]}.{row.name}", value, reason)
        for row in catalogue
        for value, reason in row.excludes.items()
    ]
    if not rules:
        return pl.DataFrame(schema=EXCLUSIONS)
    rule_frame = pl.DataFrame(rules, schema={"field": pl.String, "value": pl.String, "reason": pl.String}, orient="row")
    spans = (
        values.filter(pl.col("field").is_in(rule_frame["field"].unique().to_list()))
        .sort("lead_id", "field", "known_at", "value")
        .with_columns(
            pl.col("known_at").alias("starts_at"),
            pl.col("known_at").shift(-1).over("lead_id", "field").alias("ends_at"),
        )
        .join(rule_frame.unique(["field", "value"], keep="first", maintain_order=True), on=["field", "value"])
    )
    return spans.select(EXCLUSIONS.names()).cast(EXCLUSIONS)


def as_of_now(settings: TenantSettings, now: datetime) -> datetime:
    """Return the instant that a new run stands at: now, or the fixed one of an old export."""
    return datetime.fromisoformat(settings.as_of) if settings.as_of else now
