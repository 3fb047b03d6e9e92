"""Randomised experiments of a tenant, and who is in which arm."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Numeric, Table, Uuid, text

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime

experiments = Table(
    "experiments",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("share", Numeric(4, 3), nullable=False),
    Column("key", Text, nullable=False),
    Column("goal", Text, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    Column("planned_leads", Integer, nullable=False),
    Column("plan", Json, nullable=False),
    Column("begun_at", UtcTime, nullable=False),
    Column("closed_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("looks", Json, nullable=False),
    Column("kind", Text, nullable=False, server_default="holdout"),
    # Of a trial of models: both versions, the ledger's entry that began it, when it is over by the clock.
    Column("challenger", Text),
    Column("champion", Text),
    Column("begun_seq", BigInteger),
    Column("ends_at", UtcTime),
    # Of a trial of lines: the least scores, in tenths, of High-Intent in both arms.
    Column("line", Integer),
    Column("usual_line", Integer),
    # What became of it, and what was seen of it each day.
    Column("outcome", Text),
    Column("watched", Json),
    Index("ix_experiments_tenant_id", "tenant_id"),
    Index(
        "ix_experiments_running",
        "tenant_id",
        "kind",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""``kind``: a holdout, models or lines. ``share`` of the companies, drawn by ``key``, is held out, or is scored by the
challenger, or has the other line. Nobody is added after ``closed_at``, and everybody is treated alike after
``ended_at``; one of each kind runs at a time. ``looks`` are what was seen at each, oldest first."""

experiment_leads = Table(
    "experiment_leads",
    metadata,
    Column("experiment_id", Uuid, ForeignKey("experiments.id", ondelete="CASCADE"), primary_key=True),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    Column("unit", Text, nullable=False),
    Column("treated", Boolean, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Column("hot_at", UtcTime),
    Index("ix_experiment_leads_lead_id", "lead_id"),
    Index("ix_experiment_leads_tenant_id", "tenant_id"),
)
"""``unit``: a keyed hash of the company, or of the lead without one. ``treated``: shown as usual (a holdout), scored by
the challenger, or by the other line. ``hot_at``: since when the lead counts: it came into the High-Intent band (a
holdout), between both lines, or was scored at all (models)."""

forecasts = Table(
    "forecasts",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("made_at", UtcTime, nullable=False),
    Column("opens_at", UtcTime, nullable=False),
    Column("promised", Integer),
    Column("body", Text, nullable=False),
    Column("salt", Text, nullable=False),
    Column("seal", Text, nullable=False),
    Column("ledger_seq", BigId, nullable=False),
    Column("outcome", Json),
    Index("ix_forecasts_tenant_id_made_at", "tenant_id", "made_at"),
)
"""What was said of a week's list. ``body`` is the one JSON text that ``seal`` commits to, which the ledger's entry
names; it is told when ``opens_at`` has come. ``promised``: so many at least, told at once. ``outcome``: what came."""

forecast_leads = Table(
    "forecast_leads",
    metadata,
    Column("forecast_id", Uuid, ForeignKey("forecasts.id", ondelete="CASCADE"), primary_key=True),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    Column("place", Integer, nullable=False),
    Index("ix_forecast_leads_lead_id", "lead_id"),
    Index("ix_forecast_leads_tenant_id", "tenant_id"),
)
"""The leads of a list, the best first."""
