"""Work whose row names another tenant's things is not done: a message holds an id alone, the row says whose it is."""

from __future__ import annotations

import ast
from dataclasses import replace
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.records import Account, WebhookHint
from connector.services import pipeline
from connector.store import inbox, lanes, models
from connector.store.lanes import Kind
from connector.store.session import Store
from connector.store.tables import connections as connections_table
from connector.store.tables import intents as intents_table
from connector.store.tables import lanes as lanes_table
from connector.store.tables import runs as runs_table
from tests.fakecrm import FakeApp
from tests.isolation.doors import ROOT
from tests.world import NOW, World, small_account, world
from workers.outcomes import carry_out
from workers.turns import take_turns


class Pair:
    """Alice's account is 101, Bob's 202; nothing was read yet."""

    def __init__(self, store: Store) -> None:
        self.world: World = world(store)
        self.theirs = small_account(20)
        self.theirs = replace(self.theirs, account=Account("202", "Beta", "https://fake.example", "UTC"))
        app = self.world.services.apps["fakecrm"]
        assert isinstance(app, FakeApp)
        app.accounts = {"code-1": self.world.crm, "code-2": self.theirs}
        self.asked: list[str] = []
        self.theirs.trouble = self.asked.append
        self.alice, self.bob = self.world.install("code-1"), self.world.install("code-2")

    def stored(self, table: sa.Table, tenant_id: UUID) -> list[tuple[object, ...]]:
        with self.world.services.store.reading() as session:
            rows = session.execute(sa.select(table).where(table.c.tenant_id == tenant_id))
            return [tuple(row) for row in rows]


@pytest.fixture
def pair(store: Store) -> Pair:
    return Pair(store)


def test_a_stage_that_names_anothers_account_is_set_aside(pair: Pair) -> None:
    """That account is not called and stays as it was; the sentence says what was found."""
    services = pair.world.services
    with services.store.transaction() as session:
        mine = intents_table.c.tenant_id == pair.alice.tenant_id
        session.execute(sa.update(intents_table).where(mine).values(subject=str(pair.bob.connection_id)))
        intent_id = session.execute(sa.select(intents_table.c.id).where(mine)).scalar_one()
    before = pair.stored(connections_table, pair.bob.tenant_id)
    carry_out(services, intent_id)
    assert pair.asked == []
    assert pair.stored(connections_table, pair.bob.tenant_id) == before
    with services.store.reading() as session:
        told = session.execute(sa.select(intents_table.c.message).where(intents_table.c.id == intent_id)).scalar_one()
    assert told == f"{pipeline.NOT_OWN} Nothing was read or written. Tell support."


def test_a_stage_of_another_tenant_with_ones_own_account_is_set_aside(pair: Pair) -> None:
    """The other way round: Bob's row says that it is Alice's."""
    services = pair.world.services
    with services.store.transaction() as session:
        theirs = intents_table.c.tenant_id == pair.bob.tenant_id
        intent_id = session.execute(sa.select(intents_table.c.id).where(theirs)).scalar_one()
        session.execute(sa.update(intents_table).where(theirs).values(tenant_id=pair.alice.tenant_id))
    carry_out(services, intent_id)
    assert pair.asked == []
    assert pair.stored(runs_table, pair.bob.tenant_id)[0][3] == "stopped"


@pytest.mark.parametrize("kind", list(Kind))
def test_a_turn_that_names_anothers_account_does_nothing(
    pair: Pair, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither reads nor writes there."""
    services = pair.world.services
    monkeypatch.setattr(models, "champion_name", lambda session, tenant_id: ("model_v20260301", "0" * 64))
    with services.store.transaction() as session:
        hint = WebhookHint("202", "h1", "changed", "1001", NOW)
        inbox.keep(session, pair.bob.tenant_id, pair.bob.connection_id, [hint], NOW)
        piece = lanes.ask(session, pair.bob.tenant_id, pair.bob.connection_id, kind, NOW)
        session.execute(sa.update(lanes_table).values(tenant_id=pair.alice.tenant_id))
    assert piece
    take_turns(pair.world.warm, piece)
    assert pair.asked == []
    assert not pair.theirs.fetched
    with services.store.reading() as session:
        assert len(inbox.people(session, pair.bob.connection_id, 9, 9)) == 1


def test_messages_name_work_and_never_a_tenant_with_something_of_it() -> None:
    """So there is nothing in a message that could be swapped: what it names says itself whose it is."""
    assert _tasks() == {
        "connector.work": ("intent_id",),
        "connector.realtime": ("piece_id",),
        "connector.sweep": (),
        "connector.look": ("connection_id",),
        "connector.renew": ("connection_id",),
        # Claimed by the row itself, which says whose it is.
        "connector.leave": ("connection_id",),
        "connector.erase": ("erasure_id",),
        "connector.tell": ("endpoint_id",),
        # Which of its own schedules a tenant's turn has come for: claimed by both, or not at all.
        "connector.scheduled": ("tenant_id", "kind"),
    }, "a new task: say here what its message holds, and test it with another tenant's"


def _tasks() -> dict[str, tuple[str, ...]]:
    """Task → what its message holds, read from the source: the module itself asks for a whole deployment's settings."""
    found = {}
    for path in (ROOT / "workers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            for given in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
                if isinstance(given, ast.Call) and ast.unparse(given.func) == "app.task":
                    name = ast.literal_eval(given.keywords[0].value)
                    found[name] = tuple(item.arg for item in node.args.args)
    return found
