"""The REST API: keys, answers that are given again, uses on their way into the ledger, and what is computed anew."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint, Uuid

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Blob, Json, Text, UtcTime

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("former_hash", Text),
    Column("former_until", UtcTime),
    Column("scopes", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("secret_made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
    UniqueConstraint("prefix"),
    Index("ix_api_keys_tenant_id", "tenant_id"),
)
"""Of a secret only a hash is kept. ``former_hash`` opens until ``former_until``: whoever holds the old one has time."""

api_answers = Table(
    "api_answers",
    metadata,
    Column("key_id", Uuid, ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    of_tenant(),
    Column("request_hash", Text, nullable=False),
    Column("claim", Uuid, nullable=False),
    Column("held_until", UtcTime),
    Column("status", Integer),
    Column("headers", Json),
    Column("body", Blob),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_api_answers_created_at", "created_at"),
)
"""What a request with an Idempotency-Key was answered; ``status`` is null while the first one is under way."""

api_uses = Table(
    "api_uses",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    Column("at", UtcTime, nullable=False),
    Column("lead_id", BigId),
    Column("body", Json, nullable=False),
    Index("ix_api_uses_tenant_id", "tenant_id"),
)
"""Uses that are not in the ledger yet: adding a row waits for nobody who scores."""

api_recomputations = Table(
    "api_recomputations",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("asked_at", UtcTime, nullable=False),
    Column("former", Json, nullable=False),
    Index("ix_api_recomputations_asked_at", "asked_at"),
    Index("ix_api_recomputations_tenant_id", "tenant_id"),
)
"""Leads that a caller wants scored anew, as (lead, what had scored it before) in ``former``. That they were taken up is
seen from the real-time lane's own rows."""
