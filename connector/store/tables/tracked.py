"""Sites of a tenant, their visitors, and what those did: a source of engagement that is no CRM account."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Table, UniqueConstraint, Uuid, text

from connector.store.tables.base import metadata, of_tenant
from connector.store.types import BigId, Json, Text, UtcTime


def _of_site(*, key: bool = False) -> Column[object]:
    return Column("site_id", Uuid, ForeignKey("sites.id", ondelete="CASCADE"), nullable=False, primary_key=key)


sites = Table(
    "sites",
    metadata,
    Column("id", Uuid, primary_key=True),
    of_tenant(),
    Column("name", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("origins", Json, nullable=False),
    Column("secret_hash", Text, nullable=False),
    Column("secret_made_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("key"),
    UniqueConstraint("secret_hash"),
    Index("ix_sites_tenant_id", "tenant_id"),
)

visitors = Table(
    "visitors",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    _of_site(),
    Column("name", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("mailbox", Text),
    Column("person_key", Text),
    Column("identified_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("site_id", "name", "turn"),
    Index("ix_visitors_tenant_id_mailbox", "tenant_id", "mailbox"),
    Index("ix_visitors_tenant_id_person_key", "tenant_id", "person_key"),
    Index(
        "ix_visitors_unknown",
        "created_at",
        sqlite_where=text("person_key IS NULL"),
        postgresql_where=text("person_key IS NULL"),
    ),
)
"""One row a person behind a visitor's name. ``mailbox`` is a keyed hash of who that is; ``person_key`` is what the
records of the same mailbox are joined by, while there are any."""

tracked_events = Table(
    "tracked_events",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    _of_site(),
    Column("visitor_id", BigId, ForeignKey("visitors.id", ondelete="CASCADE"), nullable=False),
    Column("event_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("detail", Text),
    Column("arrival", Json, nullable=False),
    UniqueConstraint("site_id", "event_id"),
    Index("ix_tracked_events_tenant_id", "tenant_id"),
    Index("ix_tracked_events_visitor_id_received_at", "visitor_id", "received_at"),
    Index("ix_tracked_events_site_id_received_at", "site_id", "received_at"),
)

tracked_refusals = Table(
    "tracked_refusals",
    metadata,
    _of_site(key=True),
    Column("day", Text, primary_key=True),
    Column("reason", Text, primary_key=True),
    of_tenant(),
    Column("count", Integer, nullable=False),
    Index("ix_tracked_refusals_tenant_id", "tenant_id"),
)
