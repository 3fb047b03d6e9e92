"""The schema can be built, taken back, and is what the tables say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from connector.store.migrate import downgrade, upgrade
from connector.store.session import Store
from connector.store.tables import metadata


def test_the_migrations_make_exactly_the_tables(store: Store) -> None:
    """Nothing differs between the migrated database and the declared tables."""
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, metadata) == []


def test_every_step_has_a_way_back(store: Store) -> None:
    """Down to an empty database and up again leaves the same tables."""
    downgrade(store, "base")
    assert set(sa.inspect(store.engine).get_table_names()) <= {"alembic_version"}
    upgrade(store)
    assert set(metadata.tables) <= set(sa.inspect(store.engine).get_table_names())
