"""Reports of a month or a quarter as they were made, whom they were told, and what each tenant's work took."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, LargeBinary, Table, UniqueConstraint, Uuid

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import Json, Text, UtcTime

periodic_reports = Table(
    "periodic_reports",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("kind", Text, nullable=False),
    Column("period", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("summary", Json, nullable=False),
    Column("body", Text, nullable=False),
    Column("pdf", LargeBinary, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("ledger_seq", BigInteger, nullable=False),
    Column("signed_at", UtcTime),
    Column("signed_by", Text),
    Column("remark", Text),
    UniqueConstraint("tenant_id", "kind", "period", name="uq_periodic_reports_period"),
)
"""One of a kind for a period, never changed but for who signed it off. ``summary`` are its sentences for a message,
``body`` its HTML; ``sha256`` is over body and PDF, and stands in the ledger's entry ``ledger_seq`` as well. Nothing of
anybody: counts, figures, and names of those who acted for the tenant."""

told_reports = Table(
    "told_reports",
    metadata,
    Column("report_id", Uuid, ForeignKey("periodic_reports.id", ondelete="CASCADE"), primary_key=True),
    Column("recipient_id", Uuid, ForeignKey("digest_recipients.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    Column("told_at", UtcTime, nullable=False),
    Index("ix_told_reports_tenant_id", "tenant_id"),
    Index("ix_told_reports_recipient_id", "recipient_id"),
)
"""Which report was sent to which address, or refused there for good."""

usage_days = Table(
    "usage_days",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Text, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("amount", BigInteger, nullable=False),
)
"""``day`` is such as 2026-02-28 (UTC). ``what`` is ``cpu`` (milliseconds), or ``calls:`` and a
vendor's name (requests)."""
