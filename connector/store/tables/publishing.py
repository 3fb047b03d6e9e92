"""What an account's scores wait for before they are written, and what was found there afterwards."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, Table

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import Json, Text, UtcTime

publications = Table(
    "publications",
    metadata,
    of_connection(key=True),
    of_tenant(),
    Column("approved_at", UtcTime),
    Column("first_records", Integer),
    Column("released_at", UtcTime),
    Column("night", UtcTime),
    Column("night_writes", Integer, nullable=False, server_default="0"),
    Column("listeners", Json),
    Column("listeners_refused", Text),
    Column("listened_at", UtcTime),
    Column("verified_at", UtcTime),
    Column("verified", Json),
    Column("scale", Text),
    Index("ix_publications_tenant_id", "tenant_id"),
)
