"""What the owner of a tenant has signed that the scores are for, what is drafted, and which pitfalls it stands in."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Table, Uuid

from connector.store.tables.base import metadata
from connector.store.types import BigId, Json, Text, UtcTime

objective_drafts = Table(
    "objective_drafts",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("body", Json, nullable=False),
    Column("why", Text, nullable=False),
    Column("drafted_at", UtcTime, nullable=False),
    Column("drafted_by", Text, nullable=False),
)
"""One a tenant; it becomes a version when it is signed. ``drafted_by`` is the name that the ledger has for somebody."""

objectives = Table(
    "objectives",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("body", Json, nullable=False),
    Column("why", Text, nullable=False),
    Column("drafted_at", UtcTime, nullable=False),
    Column("drafted_by", Text, nullable=False),
    Column("signed_at", UtcTime, nullable=False),
    Column("signed_by", Text, nullable=False),
    Column("ledger_seq", BigId, nullable=False),
)
"""Signed versions: added, never changed (store/grants). ``ledger_seq`` is the entry that holds the same."""

pitfalls = Table(
    "pitfalls",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("looked_at", UtcTime, nullable=False),
    Column("seen", Json, nullable=False),
)
"""What the last look at each pitfall found, and since when its state is what it is."""
