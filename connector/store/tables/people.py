"""Records, the leads behind them, and what happened with them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table, UniqueConstraint, false, text

from connector.store.tables.base import metadata, of_connection, of_tenant
from connector.store.types import BigId, Binary, Json, Money, Text, UtcTime

companies = Table(
    "companies",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("vendor_id", Text, nullable=False),
    Column("name", Text),
    Column("domain", Text),
    Column("properties", Json, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    UniqueConstraint("connection_id", "vendor_id"),
    Index("ix_companies_tenant_id", "tenant_id"),
)

leads = Table(
    "leads",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    Column("key", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("company_key", Text),
    Column("email_kind", Text),
    UniqueConstraint("tenant_id", "key"),
    Index("ix_leads_tenant_id_company_key", "tenant_id", "company_key"),
    # SQLite would give the number of the newest lead, once that has ended, to the next one: with its past.
    sqlite_autoincrement=True,
)

records = Table(
    "records",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("vendor_id", Text, nullable=False),
    Column("lead_id", BigId, ForeignKey("leads.id", ondelete="SET NULL")),
    Column("join_reason", Text),
    Column("person_key", Text),
    Column("identified_as", Text),
    Column("apart", Boolean, nullable=False, server_default=false()),
    Column("email", Text),
    Column("company_id", Text),
    Column("company_since", UtcTime),
    Column("values_since", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("modified_at", UtcTime, nullable=False),
    Column("properties", Json, nullable=False),
    Column("removed_at", UtcTime),
    Column("objected_at", UtcTime),
    Column("seen_at", UtcTime),
    # What it is found by (store/searching).
    Column("name_key", Binary),
    Column("surname_key", Binary),
    Column("firm_key", Binary),
    Column("owner_key", Binary),
    UniqueConstraint("connection_id", "vendor_id"),
    Index("ix_records_tenant_id_lead_id", "tenant_id", "lead_id"),
    Index("ix_records_tenant_id_person_key", "tenant_id", "person_key"),
    Index("ix_records_connection_id_email", "connection_id", "email"),
    Index(
        "ix_records_objected",
        "tenant_id",
        "lead_id",
        sqlite_where=text("objected_at IS NOT NULL"),
        postgresql_where=text("objected_at IS NOT NULL"),
    ),
    *(
        Index(
            f"ix_records_{name}",
            "tenant_id",
            name,
            sqlite_where=text(f"{name} IS NOT NULL"),
            postgresql_where=text(f"{name} IS NOT NULL"),
        )
        for name in ("name_key", "surname_key", "firm_key")
    ),
    Index(
        "ix_records_owner_key",
        "tenant_id",
        "connection_id",
        "owner_key",
        "lead_id",
        sqlite_where=text("owner_key IS NOT NULL AND removed_at IS NULL"),
        postgresql_where=text("owner_key IS NOT NULL AND removed_at IS NULL"),
    ),
)

links = Table(
    "record_links",
    metadata,
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    Column("vendor_id", Text, primary_key=True),
    of_tenant(),
    Index("ix_record_links_tenant_id", "tenant_id"),
    Index("ix_record_links_vendor_id", "vendor_id"),
)

changes = Table(
    "property_changes",
    metadata,
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("at", UtcTime, primary_key=True),
    of_tenant(),
    Column("value", Text),
    Index("ix_property_changes_tenant_id", "tenant_id"),
)

events = Table(
    "events",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE")),
    Column("subject", Text),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("actor", Text, nullable=False),
    Column("detail", Text),
    UniqueConstraint("connection_id", "source", "source_id"),
    Index("ix_events_record_id_at", "record_id", "at"),
    Index("ix_events_tenant_id", "tenant_id"),
    Index(
        "ix_events_unresolved",
        "connection_id",
        "subject",
        sqlite_where=text("record_id IS NULL"),
        postgresql_where=text("record_id IS NULL"),
    ),
)

conversions = Table(
    "conversions",
    metadata,
    Column("id", BigId, primary_key=True),
    of_tenant(),
    of_connection(),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("record_id", BigId, ForeignKey("records.id", ondelete="CASCADE")),
    Column("subject", Text),
    Column("kind", Text, nullable=False),
    Column("at", UtcTime),
    Column("amount", Money),
    Column("currency", Text),
    UniqueConstraint("connection_id", "source", "source_id"),
    Index("ix_conversions_tenant_id", "tenant_id"),
    Index("ix_conversions_record_id", "record_id"),
    Index(
        "ix_conversions_unresolved",
        "connection_id",
        "subject",
        sqlite_where=text("record_id IS NULL"),
        postgresql_where=text("record_id IS NULL"),
    ),
)
