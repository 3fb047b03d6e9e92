"""Who may use a tenant's pages: users, by whom the CRM knows them, invitations, who is signed in, and their views."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint, Uuid

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import Json, Text, UtcTime

users = Table(
    "users",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("added_at", UtcTime, nullable=False),
    Index("ix_users_tenant_id", "tenant_id"),
)


def _of_user() -> Column[object]:
    return Column("user_id", Uuid, ForeignKey("users.id", ondelete="CASCADE"), nullable=False)


identities = Table(
    "identities",
    metadata,
    of_connection(key=True),
    Column("vendor_user_id", Text, primary_key=True),
    of_tenant(),
    _of_user(),
    Index("ix_identities_user_id", "user_id"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("id", Uuid, nullable=False, unique=True),
    of_tenant(),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_invitations_tenant_id", "tenant_id"),
)

sign_ins = Table(
    "sign_ins",
    metadata,
    Column("token_hash", Text, primary_key=True),
    of_tenant(),
    _of_user(),
    Column("begun_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Index("ix_sign_ins_user_id", "user_id"),
)

lead_views = Table(
    "lead_views",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    _of_user(),
    Column("name", Text, nullable=False),
    Column("asked", Json, nullable=False),
    Column("made_at", UtcTime, nullable=False),
    UniqueConstraint("user_id", "name"),
    Index("ix_lead_views_tenant_id", "tenant_id"),
)
