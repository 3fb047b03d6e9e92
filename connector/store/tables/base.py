"""What all tables share: the names of constraints, and the columns that say whose a row is."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, MetaData, Uuid

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def of_tenant() -> Column[object]:
    """Return the column that every row of a tenant carries."""
    return Column("tenant_id", Uuid, ForeignKey("tenants.id", ondelete="CASCADE"), nullable=False)


def of_connection(*, key: bool = False) -> Column[object]:
    """Return the column of the connection that a row belongs to."""
    return Column(
        "connection_id", Uuid, ForeignKey("connections.id", ondelete="CASCADE"), nullable=False, primary_key=key
    )
