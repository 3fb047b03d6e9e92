"""Who is to be forgotten, whom nothing may bring back, accounts that were left, and what is left of ended leads."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, Table, Uuid, text

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime

tombstones = Table(
    "tombstones",
    metadata,
    Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), primary_key=True),
    Column("mark", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
)
"""Keyed hashes of mailboxes and records of those who are to be forgotten: what is from before is not taken in again."""

erasures = Table(
    "erasures",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("status", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_until", UtcTime),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("message", Text),
    Column("person", Json),
    Column("found", Json),
    Column("finished_at", UtcTime),
    Index("ix_erasures_tenant_id", "tenant_id"),
    Index(
        "ix_erasures_open",
        "due_at",
        sqlite_where=text("finished_at IS NULL"),
        postgresql_where=text("finished_at IS NULL"),
    ),
)
"""Work that forgets a person. ``person`` names whom, until that is done; ``found`` counts what went."""

departures = Table(
    "departures",
    metadata,
    of_connection(key=True),
    of_tenant(),
    Column("clear", Boolean, nullable=False),
    Column("access_token", Text),
    Column("refresh_token", Text),
    Column("token_expires_at", UtcTime),
    Column("asked_at", UtcTime, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("leased_until", UtcTime),
    Column("message", Text),
    Column("ended_at", UtcTime),
    Column("data_due_at", UtcTime, nullable=False),
    Index("ix_departures_tenant_id", "tenant_id"),
    Index(
        "ix_departures_open",
        "due_at",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""Accounts that were left, their tokens until these are given back, and when their data go."""

successions = Table(
    "successions",
    metadata,
    Column("lead_id", BigId, primary_key=True, autoincrement=False),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    of_tenant(),
    Column("at", UtcTime, nullable=False),
    Index("ix_successions_tenant_id", "tenant_id", "lead_id"),
    Index("ix_successions_record_id", "record_id"),
)
"""Records that a lead had when it ended: its heir is the lead of such a record now, wherever that goes."""

lead_marks = Table(
    "lead_marks",
    metadata,
    Column("lead_id", BigId, primary_key=True, autoincrement=False),
    of_connection(key=True),
    Column("mark", Text, primary_key=True),
    of_tenant(),
    Column("at", UtcTime, nullable=False),
    Index("ix_lead_marks_tenant_id_mark", "tenant_id", "mark"),
    Index("ix_lead_marks_connection_id", "connection_id"),
)
"""Keyed hashes of records and mailboxes of a lead whose records went by their time: an erasure finds it by them."""
