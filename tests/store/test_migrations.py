"""The schema can be built, taken back, and is what the tables say."""

from __future__ import annotations

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from connector.store import claims, tenants
from connector.store.migrate import downgrade, upgrade
from connector.store.session import Store
from connector.store.tables import metadata
from tests.store.world import NOW, with_records


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


def test_tenants_of_before_go_on_writing_and_what_was_under_way_is_read_back(store: Store) -> None:
    """Approval is asked for accounts that are new; the way back leaves nothing that an older release does not know."""
    with store.transaction() as connection:
        tenant_id, connection_id = with_records(connection)
    downgrade(store, "0013")
    values = '{"score": "1.0"}'
    row = 'INSERT INTO outbox (record_id, tenant_id, connection_id, status, ledger_seq, due_at, "values")'
    with store.transaction() as connection:
        taken = "SELECT id, tenant_id, connection_id, 'sending', 7, created_at, :made FROM records WHERE id = 1"
        cast = taken.replace(":made", "CAST(:made AS json)") if connection.dialect.name == "postgresql" else taken
        connection.execute(sa.text(f"{row} {cast}"), {"made": values})
        settings = connection.execute(sa.text("SELECT settings FROM tenants")).scalar_one()
        assert "delivery" not in str(settings)
    upgrade(store)
    with store.reading() as connection:
        assert tenants.get(connection, tenant_id).settings.delivery == "on"
    with store.transaction() as connection:
        found = claims.claim_doubtful(connection, connection_id, claims.Wanted(5), NOW, NOW)
        assert [(item.ledger_seq, item.values) for item in found.parcels] == [(7, {"score": "1.0"})]
