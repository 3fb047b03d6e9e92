"""Ledgers as an operator looks after them; who asked for what is on the record."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.crypto import ChainSeal, Seal, new_key
from connector.errors import CorruptLedger, NeedsAdmin, RejectedInput
from connector.services import acts, ledgers, maintenance, on_request, pipeline, pooling
from connector.store.migrate import downgrade
from connector.store.session import open_store
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_heads, ledger_payloads
from tests import databases
from tests.store.tampering import unguarded
from tests.world import World, world


@pytest.fixture
def line(tmp_path: Path) -> Iterator[World]:
    """An installed account, in a process with a key."""
    store = open_store(databases.sqlite_url(tmp_path / "ledgers.db"), ChainSeal([new_key()]))
    made = world(store)
    made.install()
    yield made
    store.close()


def _tenant(line: World) -> UUID:
    with line.services.store.reading() as session:
        return session.execute(sa.select(ledger_heads.c.tenant_id)).scalar_one()


def _acts(line: World) -> list[dict[str, object]]:
    with line.services.store.reading() as session:
        return [json.loads(text) for text in session.execute(sa.select(ledger_payloads.c.body)).scalars()]


def test_what_people_do_is_on_the_record_with_who_asked(line: World) -> None:
    """An installation, a sign-in, runs by hand, work taken up again, what is chosen."""
    tenant = _tenant(line)
    line.install()
    line.crm.trouble = _refuse
    line.work()
    with acts.asked_by("the command line"):
        assert pipeline.resume(line.services, tenant) == 1
        maintenance.start_run(line.services, tenant, pipeline.REFRESH)
        pooling.choose(line.services, tenant, on=True)
    found = [(act["action"], act["by"].partition(" (user ")[0]) for act in _acts(line)]
    assert found == [
        ("become owner", "Fake CRM user u1"),
        ("install", "Fake CRM user u1"),
        ("sign in", "Fake CRM user u1"),
        ("resume", "the command line"),
        ("start run", "the command line"),
        ("set pooling", "the command line"),
    ]
    assert not on_request.start_run(line.services, tenant, pipeline.REFRESH)
    assert len(_acts(line)) == 6


def _refuse(_operation: str) -> None:
    raise NeedsAdmin("The CRM says no.", remedy="Ask its admin.")


def test_each_complaint_says_what_was_found(line: World) -> None:
    """Nothing where nothing is wrong; a broken chain is not sealed, a whole one is on request and on the record."""
    tenant, services = _tenant(line), line.services
    assert ledgers.complaint(ledgers.verify(services, tenant), tenant) is None
    with services.store.transaction() as session:
        session.execute(sa.update(ledger_heads).values(seal=None))
    assert "carries no seal" in str(ledgers.complaint(ledgers.verify(services, tenant), tenant))
    assert ledgers.seal(services, tenant).seal is Seal.MISSING
    assert ledgers.verify(services, tenant).good
    assert _acts(line)[-1] | {"action": "seal ledger", "found": "missing"} == _acts(line)[-1]
    assert ledgers.seal(services, tenant).good
    with services.store.transaction() as session:
        unguarded(session).execute(sa.update(ledger_table).where(ledger_table.c.seq == 1).values(kind="forged"))
    assert "broken at entry 1" in str(ledgers.complaint(ledgers.verify(services, tenant), tenant))
    with pytest.raises(CorruptLedger, match="not sealed"):
        ledgers.seal(services, tenant)


def test_heads_that_were_written_down_are_compared(line: World) -> None:
    """A tenant's ledger that is gone is missed, too."""
    tenant = _tenant(line)
    kept = ledgers.read_written("\n".join(ledgers.written(line.services)) + "\n\n")
    assert [found.good for _, found in ledgers.verify_all(line.services, kept)] == [True]
    stranger = UUID(int=7)
    both = {tenant: {1: "0" * 64}, stranger: {3: "0" * 64}}
    said = [ledgers.complaint(found, whose) or "" for whose, found in ledgers.verify_all(line.services, both)]
    assert [(f"Entry 3 of tenant {stranger}" in said[0]), (f"Entry 1 of tenant {tenant}" in said[1])] == [True, True]
    with pytest.raises(RejectedInput, match="Line 2"):
        ledgers.read_written("\nnothing of ours")


def test_heads_of_a_release_without_seals_are_sealed_once(line: World) -> None:
    """By the migration to the first one with them, and by no later one."""
    tenant, services = _tenant(line), line.services
    downgrade(services.store, "0018")
    maintenance.migrate(services)
    assert ledgers.verify(services, tenant).good
    with services.store.transaction() as session:
        session.execute(sa.update(ledger_heads).values(seal=None))
    maintenance.migrate(services)
    assert ledgers.verify(services, tenant).seal is Seal.MISSING
