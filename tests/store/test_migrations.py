"""The schema can be built, taken back, and is what the tables say."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from connector.records import FieldDefinition, FieldRole, FieldType
from connector.store import claims, fields, leads, ledger, successions, tenants
from connector.store import records as records_store
from connector.store.migrate import downgrade, upgrade
from connector.store.session import Store
from connector.store.tables import ledger_payloads, metadata, records
from tests.store.world import NOW, record, with_records


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


def test_leads_of_before_keep_all_that_hangs_on_them_and_the_way_back_leaves_nothing_unfindable(store: Store) -> None:
    """Their table is made anew on SQLite. What ended leads leave is nothing that an older release could erase."""
    with store.transaction() as connection:
        tenant_id, _ = with_records(connection)
    downgrade(store, "0024")
    with store.transaction() as connection:
        found = leads.save(connection, tenant_id, [leads.NewLead(key, NOW, None, None) for key in ("a", "b")])
        connection.execute(sa.update(records).values(lead_id=found["a"]))
        ledger.append(connection, tenant_id, [ledger.Entry("scored", lead, {}) for lead in (found["a"], 70)], NOW)
    upgrade(store)
    with store.transaction() as connection:
        assert set(connection.execute(sa.select(records.c.lead_id)).scalars()) == {found["a"]}
        fresh = leads.save(connection, tenant_id, [leads.NewLead("c", NOW, None, None)])
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
            assert fresh["c"] == 71
        (record, *_) = connection.execute(sa.select(records.c.id).order_by(records.c.id)).scalars()
        successions.note(connection, tenant_id, [successions.Left(70, record)], NOW)
    downgrade(store, "0024")
    with store.reading() as connection:
        assert connection.execute(sa.select(ledger_payloads.c.seq)).scalars().all() == [1]
        assert set(connection.execute(sa.select(records.c.lead_id)).scalars()) == {found["a"]}
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    upgrade(store)


def test_records_of_before_are_found_by_who_has_them(store: Store) -> None:
    """By the field that tells it in each CRM, which its catalogue knows from then on; others have none."""
    with store.transaction() as connection:
        tenant_id, account = with_records(connection, count=1)
        owner = FieldDefinition("OwnerId", "Owner", FieldType.TEXT, role=FieldRole.OWNER, system=True)
        fields.save(
            connection, tenant_id, account, [owner, replace(owner, name="My_owner_id", role=None, system=False)]
        )
        person = replace(record(2), properties={"OwnerId": " 005x "})
        records_store.save(connection, tenant_id, account, [person], NOW)
        owners = sa.select(records.c.owner_key).order_by(records.c.id)
        before = list(connection.execute(owners).scalars())
    assert before == [None, "005x"]
    downgrade(store, "0044")
    with store.transaction() as connection:
        connection.execute(sa.text("UPDATE fields SET role = NULL"))
    upgrade(store)
    with store.reading() as connection:
        assert list(connection.execute(owners).scalars()) == before
        assert fields.roles_of(connection, account) == {"owner": "OwnerId"}


def test_records_of_before_are_found_by_their_names(store: Store) -> None:
    """As by a sync: from the fields that hold names in their account, and none where there are no such fields."""
    with store.transaction() as connection:
        tenant_id, account = with_records(connection, count=1)
        roles = ((FieldRole.FIRST_NAME, "given"), (FieldRole.LAST_NAME, "family"))
        fields.save(
            connection,
            tenant_id,
            account,
            [FieldDefinition(name, name, FieldType.TEXT, role=role) for role, name in roles],
        )
        person = replace(record(2), properties={"given": " Zoë", "family": "O'Neil  Smith"})
        records_store.save(connection, tenant_id, account, [person], NOW)
        columns = (records.c.name_key, records.c.surname_key, records.c.firm_key)
        before = connection.execute(sa.select(*columns).order_by(records.c.id)).all()
    assert before == [(None, None, None), ("zoë o'neil smith", "o'neil smith zoë", None)]
    downgrade(store, "0041")
    upgrade(store)
    with store.reading() as connection:
        assert connection.execute(sa.select(*columns).order_by(records.c.id)).all() == before
