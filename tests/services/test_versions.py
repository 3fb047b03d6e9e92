"""While versions are exchanged: intents that only another version knows wait, and hold nobody up."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from connector.services import pipeline
from connector.store import intents
from connector.store.runs import RunStatus
from connector.store.session import Store
from connector.store.tables import intents as table
from tests.services.copies import copied
from tests.services.test_restoring import newest
from tests.simulator import quick
from tests.world import World, world


@pytest.fixture
def made(store: Store, monkeypatch: pytest.MonkeyPatch) -> World:
    """One account, installed; its model takes no time."""
    prepared = world(store)
    quick.stand_in(prepared, monkeypatch)
    prepared.install()
    return prepared


def add_unknown(made: World) -> None:
    """Leave an intent as another version would."""
    run = newest(made)
    with made.services.store.transaction() as session:
        intents.add(session, run.tenant_id, run.id, "rescale", [str(run.tenant_id)], made.clock.now())


def unknown(made: World) -> tuple[str, str | None]:
    """Return the status and message of that intent."""
    query = sa.select(table.c.status, table.c.message).where(table.c.stage == "rescale")
    with made.services.store.reading() as session:
        row = session.execute(query).one()
    return row.status, row.message


def test_a_stage_of_another_version_waits_and_the_rest_goes_on(made: World) -> None:
    """The sweep announces it without stumbling; the run that this version knows ends; the row is still there."""
    add_unknown(made)
    assert pipeline.sweep(made.services) == 2
    assert {queue for queue, _ in made.woken} == {"sync", "maintenance"}
    made.work()
    assert newest(made).status is RunStatus.DONE
    status, message = unknown(made)
    assert status == "ready"
    assert message == "This version of the product knows no stage rescale in a first run."
    made.clock.sleep(59)
    assert pipeline.sweep(made.services) == 0
    made.clock.sleep(2)
    assert pipeline.sweep(made.services) == 1


def test_a_stage_that_no_version_knows_any_more_is_parked(
    quickly_scored: World, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an upgrade's length and more it is parked with what to do, like any other work that can't go on."""
    monkeypatch.setattr(pipeline, "UNKNOWN_ATTEMPTS", 3)
    made = copied(quickly_scored, store)
    add_unknown(made)
    for _ in range(4):
        pipeline.sweep(made.services)
        made.work()
        made.clock.sleep(301)
    status, message = unknown(made)
    assert status == "parked"
    assert message
    assert "Start a refresh" in message
