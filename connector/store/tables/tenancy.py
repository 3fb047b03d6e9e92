"""Tenants, their installed CRM accounts, and what was read of them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, Table, UniqueConstraint, Uuid, true

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime

tenants = Table(
    "tenants",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("name", Text, nullable=False),
    Column("region", Text, nullable=False, server_default="default"),
    Column("settings", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
)

connections = Table(
    "connections",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("vendor", Text, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("account_name", Text, nullable=False),
    Column("ui_url", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("currency", Text),
    Column("api_origin", Text),
    Column("limited_as", Text),
    Column("hook_secrets", Text),
    Column("status", Text, nullable=False),
    Column("status_reason", Text),
    Column("notice", Text),
    Column("access_token", Text),
    Column("refresh_token", Text),
    Column("token_expires_at", UtcTime),
    Column("token_version", Integer, nullable=False, server_default="0"),
    Column("refresh_until", UtcTime),
    Column("tokens_saved_at", UtcTime),
    Column("looked_at", UtcTime),
    Column("pushed_at", UtcTime),
    Column("granted_by", Text),
    Column("scopes", Json, nullable=False),
    Column("field_names", Json, nullable=False),
    Column("options", Json, nullable=False, server_default="{}"),
    Column("installed_at", UtcTime, nullable=False),
    UniqueConstraint("vendor", "account_id"),
    Index("ix_connections_tenant_id", "tenant_id"),
)

installs = Table(
    "installs",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("session_hash", Text, nullable=False),
    Column("vendor", Text, nullable=False),
    Column("code_verifier", Text),
    Column("login", Text),
    Column("tenant_id", Uuid),
    Column("user_id", Uuid),
    Column("invitation_hash", Text),
    Column("expires_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
)

streams = Table(
    "streams",
    metadata,
    of_connection(key=True),
    Column("name", Text, primary_key=True),
    of_tenant(),
    Column("label", Text, nullable=False),
    Column("cursor", Json),
    Column("read", Integer, nullable=False, server_default="0"),
    Column("rejected", Integer, nullable=False, server_default="0"),
    Column("expected", Integer),
    Column("drained_at", UtcTime),
    Column("unavailable", Text),
)

rejections = Table(
    "rejections",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("stream", Text, nullable=False),
    Column("vendor_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    UniqueConstraint("connection_id", "stream", "vendor_id"),
)

fields = Table(
    "fields",
    metadata,
    of_connection(key=True),
    Column("name", Text, primary_key=True),
    of_tenant(),
    Column("label", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("role", Text),
    Column("options", Json, nullable=False, server_default="{}"),
    Column("excludes", Json, nullable=False),
    Column("system", Boolean, nullable=False),
    Column("own", Boolean, nullable=False),
    Column("personal", Boolean, nullable=False),
    Column("company", Boolean, nullable=False),
    Column("history", Boolean, nullable=False, server_default=true()),
    Column("knowledge", Text),
    Column("allowed", Boolean),
)
