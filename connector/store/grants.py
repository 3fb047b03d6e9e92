"""What the role that the product's processes connect as may do in PostgreSQL: work, and not rewrite the ledger."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.store.tables import ledger, ledger_heads, ledger_payloads, objectives

_ALL = "SELECT, INSERT, UPDATE, DELETE"
_LESS = {
    "alembic_version": "SELECT",
    ledger.name: "SELECT, INSERT",
    # What an entry said is deleted at an erasure.
    ledger_payloads.name: "SELECT, INSERT, DELETE",
    # What was signed stays as it was signed.
    objectives.name: "SELECT, INSERT",
    ledger_heads.name: "SELECT, INSERT, UPDATE",
}


def of_writer(connection: Connection, role: str) -> Sequence[str]:
    """Return the statements that give a role what the product's processes need, and nothing else.

    They name the tables that are there: they are run again after each migration. Raises ``RejectedInput`` for a role
    that is not there or that policies and rights don't bind, and for a database that knows no roles.
    """
    if connection.dialect.name != "postgresql":
        raise RejectedInput("Only PostgreSQL has roles; this database is a file, which its folder's rights protect.")
    _require_bound(connection, role)
    quote = connection.dialect.identifier_preparer.quote
    found = sa.inspect(connection)
    schema, whom = quote(str(found.default_schema_name)), quote(role)
    database = quote(connection.execute(sa.text("SELECT current_database()")).scalar_one())
    tables = [
        f"GRANT {_LESS.get(table, _ALL)} ON TABLE {schema}.{quote(table)} TO {whom}"
        for table in sorted(found.get_table_names())
    ]
    views = [f"GRANT SELECT ON TABLE {schema}.{quote(view)} TO {whom}" for view in sorted(found.get_view_names())]
    return [
        # Large pages are copied through temporary tables.
        f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {whom}",
        f"GRANT USAGE ON SCHEMA {schema} TO {whom}",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {whom}",
        *tables,
        *views,
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {whom}",
    ]


def _require_bound(connection: Connection, role: str) -> None:
    query = sa.text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = :role")
    unbound = connection.execute(query, {"role": role}).scalar_one_or_none()
    if unbound is None:
        raise RejectedInput(f"There is no role {role}. Make it first: CREATE ROLE {role} LOGIN PASSWORD '…'.")
    owns = sa.text("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema() AND tableowner = :role")
    if unbound or connection.execute(owns, {"role": role}).scalar_one():
        raise RejectedInput(
            f"The role {role} is a superuser, bypasses row-level security or owns tables: rights do not bind it. "
            "Take another one."
        )
