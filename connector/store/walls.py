"""The second wall between tenants: PostgreSQL's row-level security on every table whose rows have a tenant.

The first wall is each query's own. Behind it a transaction reaches the rows of the tenant it was begun for
(store/session), whatever a query forgot; one that was begun for nobody reaches none. Superusers, and roles that may
bypass policies, see everything: the product's own processes connect as a role that is neither, and owns no table
(store/grants).
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.session import EVERYONE, TENANT_SETTING

POLICY = "tenants_apart"
_TENANTS = "tenants"


def complete(connection: Connection) -> None:
    """Put a wall around each table that lacks it. Run after every migration: no step has to think of it."""
    for table, column in _open_tables(connection).items():
        quoted = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY")
        # For the owner as well, who may be the one that a small deployment connects as.
        connection.exec_driver_sql(f"ALTER TABLE {quoted} FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"CREATE POLICY {POLICY} ON {quoted} USING ({_is_own(column)})")


def remove(connection: Connection) -> None:
    """Take all walls away: an older release does not say whose its transactions are."""
    for table in _walled(connection):
        quoted = connection.dialect.identifier_preparer.quote(table)
        connection.exec_driver_sql(f"DROP POLICY {POLICY} ON {quoted}")
        connection.exec_driver_sql(f"ALTER TABLE {quoted} NO FORCE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"ALTER TABLE {quoted} DISABLE ROW LEVEL SECURITY")


def stand(connection: Connection) -> bool:
    """Whether this database has walls at all: PostgreSQL, at a schema that has them."""
    return connection.dialect.name == "postgresql" and _TENANTS in _walled(connection)


def holds_for(connection: Connection) -> bool:
    """Whether the role of this connection is one that the policies bind."""
    query = sa.text("SELECT NOT (rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname = current_user")
    return bool(connection.execute(query).scalar_one())


def _is_own(column: str) -> str:
    # In sub-selects, so that the setting is read once for a query and not for each row.
    setting = f"current_setting('{TENANT_SETTING}', true)"
    own = f"{column} = (SELECT NULLIF(NULLIF({setting}, '{EVERYONE}'), '')::uuid)"
    return f"(SELECT {setting}) = '{EVERYONE}' OR {own}"


def _walled(connection: Connection) -> set[str]:
    query = sa.text("SELECT tablename FROM pg_policies WHERE schemaname = current_schema() AND policyname = :policy")
    return set(connection.execute(query, {"policy": POLICY}).scalars())


def _open_tables(connection: Connection) -> Mapping[str, str]:
    """Return table → the column that says whose a row is, of those without a wall."""
    query = sa.text(
        "SELECT c.table_name FROM information_schema.columns c JOIN information_schema.tables t "
        "ON t.table_schema = c.table_schema AND t.table_name = c.table_name AND t.table_type = 'BASE TABLE' "
        "WHERE c.table_schema = current_schema() AND c.column_name = 'tenant_id' ORDER BY c.table_name"
    )
    found = dict.fromkeys(connection.execute(query).scalars(), "tenant_id") | {_TENANTS: "id"}
    walled = _walled(connection)
    return {table: column for table, column in found.items() if table not in walled}
