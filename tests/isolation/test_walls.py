"""The second wall: PostgreSQL keeps tenants apart whatever a query forgot, as the product's own role sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError

from connector.errors import RejectedInput
from connector.records import Account
from connector.services import ledgers, maintenance, pipeline, schedules
from connector.services.doctor import database as doctor
from connector.store import connections, frame_queries, frames, grants, walls
from connector.store.migrate import downgrade
from connector.store.session import Store, open_store
from connector.store.tables import leads as leads_table
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_heads, ledger_payloads, metadata, objectives
from tests import databases
from tests.fakecrm import FakeAccount, FakeApp
from tests.isolation.doors import DOORS, opened
from tests.services.copies import copied, scored_world
from tests.world import World

APART = {table.name: table for table in metadata.sorted_tables if "tenant_id" in table.c}


@dataclass
class Two:
    """Two tenants with rows in every table, in a database that the product's role works on."""

    owner: Store
    world: World
    alice: UUID
    bob: UUID
    role: str

    @property
    def store(self) -> Store:
        """The database as the product's processes see it."""
        return self.world.services.store


@pytest.fixture(scope="module")
def two(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    """Made once; tests leave it as it is."""
    role = f"writer_{uuid4().hex[:8]}"
    with ExitStack() as stack:
        url = stack.enter_context(databases.postgres_copy(postgres_url))
        owner = open_store(url)
        stack.callback(owner.close)
        with owner.transaction() as session:
            session.exec_driver_sql(f"CREATE ROLE {role} LOGIN")
            for statement in grants.of_writer(session, role):
                session.exec_driver_sql(statement)
        store = open_store(sa.make_url(url).set(username=role).render_as_string(hide_password=False))
        stack.callback(store.close)
        original = stack.enter_context(scored_world(tmp_path_factory.mktemp("two")))
        made = copied(original, owner)
        made.services = replace(made.services, store=store)
        second = FakeAccount(Account("202", "Beta", "https://fake.example", "UTC"), made.crm.fields, made.crm.pages)
        app = made.services.apps["fakecrm"]
        assert isinstance(app, FakeApp)
        app.accounts = {"code-1": made.crm, "code-2": second}
        bob = made.install("code-2").tenant_id
        # The whole line as that role, to the scores in the CRM.
        made.work()
        assert second.held
        with store.reading() as session:
            found = connections.find_by_account(session, "fakecrm", "101")
        assert found
        yield Two(owner, made, found.tenant_id, bob, role)


def _count(store: Store, table: sa.Table, whose: UUID | None, *where: sa.ColumnElement[bool]) -> int:
    with store.reading(whose) as session:
        return session.execute(sa.select(sa.func.count()).select_from(table).where(*where)).scalar_one()


def test_every_table_with_a_tenant_has_its_wall(two: Two) -> None:
    """One that a later migration adds gets it by itself."""
    query = "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity"
    with two.owner.reading() as session:
        assert set(session.exec_driver_sql(query).scalars()) == {*APART, "tenants"}
    with two.owner.transaction() as session:
        session.exec_driver_sql("CREATE TABLE later (id int PRIMARY KEY, tenant_id uuid NOT NULL)")
        session.execute(sa.text("INSERT INTO later VALUES (1, :bob)"), {"bob": two.bob})
        walls.complete(session)
        session.exec_driver_sql(f"GRANT SELECT ON later TO {two.role}")
    for whose, rows in ((two.alice, []), (two.bob, [1]), (None, [1])):
        with two.store.reading(whose) as session:
            assert session.exec_driver_sql("SELECT id FROM later").scalars().all() == rows
    with two.owner.transaction() as session:
        session.exec_driver_sql("DROP TABLE later")


@pytest.mark.parametrize("name", sorted(APART))
def test_a_query_that_forgot_its_tenant_finds_its_own_alone(two: Two, name: str) -> None:
    """Reading, changing and deleting, in every table."""
    table = APART[name]
    theirs = table.c.tenant_id != two.alice
    assert _count(two.store, table, two.alice, theirs) == 0
    assert _count(two.store, table, two.alice) == _count(two.store, table, None, ~theirs)
    if name in ("ledger", "ledger_payloads", "ledger_heads", "objectives"):
        return
    before = _count(two.store, table, None, theirs)
    with two.store.reading(two.alice) as session:
        assert session.execute(sa.update(table).where(theirs).values(tenant_id=two.alice)).rowcount == 0
        assert session.execute(sa.delete(table).where(theirs)).rowcount == 0
    assert _count(two.store, table, None, theirs) == before


def test_most_tables_had_rows_of_both_to_be_kept_apart(two: Two) -> None:
    """Else the test above would compare nothing with nothing."""
    filled = {name for name, table in APART.items() if _count(two.store, table, None, table.c.tenant_id == two.bob)}
    assert {"connections", "leads", "records", "scores", "ledger", "models", "runs", "intents", "outbox"} <= filled


def test_nothing_is_written_for_another(two: Two) -> None:
    """Neither as new nor as one's own that is given away."""
    row = {"tenant_id": two.bob, "key": "planted", "created_at": two.world.clock.now()}
    for statement in (sa.insert(leads_table).values(row), sa.update(leads_table).values(tenant_id=two.bob)):
        with pytest.raises(ProgrammingError, match="row-level security"), two.store.transaction(two.alice) as session:
            session.execute(statement)


def test_one_tenant_is_not_even_told_that_the_other_is_there(two: Two) -> None:
    """Of the table of tenants one sees oneself."""
    assert _count(two.store, metadata.tables["tenants"], two.alice) == 1
    assert _count(two.store, metadata.tables["tenants"], None) == 2


def test_who_says_nothing_sees_nothing(two: Two) -> None:
    """A connection that was not begun by the store."""
    with two.store.engine.connect() as raw:
        assert raw.execute(sa.select(sa.func.count()).select_from(leads_table)).scalar_one() == 0


def test_a_pooled_connection_forgets_whose_it_was(two: Two) -> None:
    """One connection, turn and turn about, after commits, rollbacks and errors."""
    engine = sa.create_engine(two.store.engine.url, pool_size=1, max_overflow=0)
    store = Store(engine)
    whole = {whose: _count(two.store, leads_table, whose) for whose in (two.alice, two.bob)}
    backend = []
    for whose in (two.alice, two.bob, two.alice):
        with store.transaction(whose) as session:
            backend.append(session.exec_driver_sql("SELECT pg_backend_pid()").scalar_one())
            assert session.execute(sa.select(sa.func.count()).select_from(leads_table)).scalar_one() == whole[whose]
        with engine.connect() as raw:
            assert raw.execute(sa.select(sa.func.count()).select_from(leads_table)).scalar_one() == 0
        with pytest.raises(ZeroDivisionError), store.transaction(whose):
            raise ZeroDivisionError
        with engine.connect() as raw:
            assert raw.execute(sa.select(sa.func.count()).select_from(leads_table)).scalar_one() == 0
    assert len(set(backend)) == 1
    engine.dispose()


def test_frames_in_bulk_are_behind_the_wall_too(two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come by a connection of their own: without the query's own filter it is the tenant's still."""
    mine = frames.lead_frame(two.store, two.alice)
    monkeypatch.setattr(frame_queries, "_of_tenant", lambda table, reach: sa.true())
    monkeypatch.setattr(frame_queries, "of_events", frame_queries.of_events.__wrapped__)
    events = frames.event_frame(two.store, two.alice)
    assert 0 < mine.height < _count(two.store, leads_table, None)
    assert set(events["lead_id"]) <= set(mine["lead_id"])
    everyones = frames.event_frame(two.owner, two.alice)
    # The owner is a superuser here: for it the saboteur is seen.
    assert everyones.height > events.height


def test_the_sweep_sees_everyone(two: Two) -> None:
    """It has its own door."""
    schedules.enter(two.world.services)
    with two.store.reading() as session:
        whose = session.execute(sa.select(metadata.tables["schedules"].c.tenant_id).distinct()).scalars().all()
    assert set(whose) == {two.alice, two.bob}
    assert pipeline.sweep(two.world.services) == 0


def test_the_products_role_can_t_touch_the_ledgers_past(two: Two) -> None:
    """By its rights, before any trigger is asked, nor what was signed; it goes on writing, and erases bodies."""
    for statement in (
        sa.update(objectives).values(why="forged"),
        sa.delete(objectives),
        sa.update(ledger_table).values(kind="forged"),
        sa.delete(ledger_table),
        sa.update(ledger_payloads).values(body="{}"),
        sa.delete(ledger_heads),
        sa.text("TRUNCATE ledger"),
        sa.text("ALTER TABLE ledger DISABLE TRIGGER ALL"),
        sa.text("DROP TABLE ledger"),
        sa.text(f"DROP POLICY {walls.POLICY} ON ledger"),
        sa.text("UPDATE alembic_version SET version_num = '0000'"),
    ):
        with (
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
            two.store.transaction() as session,
        ):
            session.execute(statement)
    with two.store.reading(two.alice) as session:
        assert session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == 2)).rowcount == 1
    assert ledgers.verify(two.world.services, two.alice).broken_at is None


def test_a_role_that_rights_do_not_bind_is_not_taken(two: Two) -> None:
    """A superuser, an unknown one; nor is there any in a file."""
    with two.owner.reading() as session:
        superuser = session.exec_driver_sql("SELECT current_user").scalar_one()
        with pytest.raises(RejectedInput, match="do not bind it"):
            grants.of_writer(session, superuser)
        with pytest.raises(RejectedInput, match="CREATE ROLE nobody"):
            grants.of_writer(session, "nobody")


def test_a_file_has_no_roles(tmp_path: Path) -> None:
    """The sentence says what protects it."""
    store = open_store(f"sqlite:///{tmp_path / 'some.db'}")
    with store.reading() as session, pytest.raises(RejectedInput, match="folder's rights"):
        grants.of_writer(session, "writer")
    store.close()


def test_the_doctor_says_whether_the_wall_holds(two: Two) -> None:
    """For the role of this process."""
    services = two.world.services
    told = [found.sentence for found in doctor.look(services)]
    assert any("bound by the policies" in sentence for sentence in told)
    with two.owner.reading() as session:
        assert not walls.holds_for(session)
    assert maintenance.grant(services, two.role, execute=False)[0].startswith("GRANT CONNECT")


def test_the_walls_go_with_their_step(postgres_url: str) -> None:
    """An older release does not say whose its transactions are."""
    with databases.postgres_database(postgres_url) as url:
        store = open_store(url)
        downgrade(store, "0018")
        with store.reading() as session:
            assert session.exec_driver_sql("SELECT count(*) FROM pg_policies").scalar_one() == 0
            assert not session.exec_driver_sql("SELECT 1 FROM pg_class WHERE relrowsecurity").scalars().all()
        store.close()


def test_only_the_listed_doors_are_open() -> None:
    """A transaction says whose it is, unless it stands in the list with its reason."""
    found = set(opened())
    assert found - DOORS == set(), "these begin a transaction of everyone's: give them the tenant's id"
    assert DOORS - found == set(), "these doors are no more: take them off the list"
