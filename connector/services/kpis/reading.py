"""Everything that figures are counted from, read once: frames of one tenant's leads and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import polars as pl

from connector.records import FieldRole, Tier
from connector.services import snapshot
from connector.services.context import Services
from connector.store import connections, frames, kpis, spend, tenants
from connector.store.frames import UTC_TIME
from connector.store.spend import Spent
from connector.store.tenants import TenantSettings
from connector.store.types import AnyRow

YEAR = timedelta(days=365)
WEEK = timedelta(weeks=1)
WEEKS = 8
"""Whole weeks for which leads that came into the High-Intent band are counted."""

AT = pl.Schema({"lead_id": pl.Int64(), "at": UTC_TIME})


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a tenant at ``now``, of leads that are in a CRM still and may be profiled.

    ``leads`` has lead_id and created_at; ``won`` the first conversion (at) of each lead; ``acts`` lead_id, at, kind;
    ``scored`` each lead's first score (at, tier); ``hot`` when leads came into the High-Intent band in the last whole
    ``weeks``; ``highest`` what leads scored at most in the week before these (before) and in them (after); ``paid``
    dated outcomes with their amounts; ``sources`` lead_id, channel (in small letters), and how that is ``called``.
    ``installed`` is when the first account was. ``past``: the scores stand at a time of long ago, so that nothing can
    have happened after them.
    """

    now: datetime
    settings: TenantSettings
    leads: pl.DataFrame
    won: pl.DataFrame
    acts: pl.DataFrame
    scored: pl.DataFrame
    hot: pl.DataFrame
    weeks: int
    highest: Sequence[AnyRow]
    paid: Sequence[AnyRow]
    chances: Sequence[AnyRow]
    sources: pl.DataFrame
    spent: Sequence[Spent]
    installed: datetime | None
    past: bool

    @property
    def horizon(self) -> timedelta:
        """How long after a moment a conversion counts."""
        return timedelta(days=self.settings.horizon_days)


def read(services: Services, tenant_id: UUID) -> Known:
    """Read a tenant's leads and what became of them."""
    clock = services.clock.now()
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        now = snapshot.as_of_now(settings, clock)
        accounts = connections.of_tenant(session, tenant_id)
        acts = kpis.acts(session, tenant_id, now - YEAR)
        scored = kpis.first_scored(session, tenant_id)
        begun = kpis.begun(session, tenant_id)
        weeks = whole_weeks(begun, clock)
        highest = kpis.highest(session, tenant_id, clock - (weeks + 1) * WEEK, clock - weeks * WEEK) if weeks else []
        hot = kpis.first_in_tier(session, tenant_id, Tier.HIGH_INTENT, clock - (WEEKS + 1) * WEEK)
        has_amounts = not settings.goal.startswith("property:")
        paid = kpis.amounts(session, tenant_id, settings.goal) if has_amounts else []
        chances = kpis.chances(session, tenant_id)
        values = kpis.first_values(session, tenant_id, FieldRole.SOURCE)
        called = kpis.called(session, tenant_id, FieldRole.SOURCE)
        spent = spend.of_tenant(session, tenant_id)
    leads = frames.lead_frame(services.store, tenant_id).select("lead_id", "created_at")
    if settings.timing != "dated":
        # Creation dates of such leads are those of the import.
        leads = leads.clear()
    won = _conversions(services, tenant_id, settings).drop_nulls("at").group_by("lead_id").agg(pl.col("at").min())
    return Known(
        now=now,
        settings=settings,
        leads=leads,
        won=won,
        acts=_frame(acts, {**AT, "kind": pl.String()}),
        scored=_frame(scored, {**AT, "tier": pl.String()}),
        # Who was in the band before has an entry in the week before the first one: it is not counted.
        hot=_frame(hot, AT).filter(pl.col("at") >= clock - weeks * WEEK),
        weeks=weeks,
        highest=highest,
        paid=paid,
        chances=chances,
        sources=_sources(values, called),
        spent=spent,
        installed=min((account.installed_at for account in accounts), default=None),
        past=settings.as_of is not None,
    )


def whole_weeks(begun: datetime | None, now: datetime) -> int:
    """Return the whole weeks that can be counted: the first one of all scores tells only who was there already."""
    return 0 if begun is None else max(0, min(WEEKS, (now - begun) // WEEK - 1))


def _conversions(services: Services, tenant_id: UUID, settings: TenantSettings) -> pl.DataFrame:
    if settings.goal.startswith("property:"):
        # What a field's value tells is found where models learn it.
        return snapshot.history(services, tenant_id, settings).conversions.select("lead_id", "at")
    return frames.conversion_frame(services.store, tenant_id, settings.goal).select("lead_id", "at")


def _sources(values: Sequence[AnyRow], called: Any) -> pl.DataFrame:
    found = _frame(values, {**AT, "value": pl.String()}).sort("lead_id", "at", "value")
    first = found.group_by("lead_id", maintain_order=True).agg(pl.col("value").first())
    label = pl.col("value").replace(list(called), list(called.values())) if called else pl.col("value")
    named = label.str.strip_chars()
    return first.select("lead_id", channel=named.str.to_lowercase(), called=named)


def _frame(rows: Sequence[AnyRow], schema: Any) -> pl.DataFrame:
    return pl.DataFrame([tuple(row) for row in rows], schema=pl.Schema(schema), orient="row")
