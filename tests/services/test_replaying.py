"""Every score of the ledger can be recomputed, and what was touched is found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import polars as pl
import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.services import maintenance, pipeline, replaying
from connector.services.replaying import Replayed
from connector.store import connections, inputs, leads, scores
from connector.store.session import Store
from connector.store.tables import ledger_payloads, models, records, score_inputs
from tests.services.copies import copied
from tests.store.tampering import unguarded
from tests.world import World


@pytest.fixture
def line(scored: World, store: Store) -> World:
    """A world whose first run has scored."""
    return copied(scored, store)


def _tenant(line: World) -> UUID:
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    return found.tenant_id


def _leads(line: World) -> list[int]:
    with line.services.store.reading() as session:
        return sorted(scores.tiers(session, _tenant(line)))


def _replayed(line: World) -> Replayed:
    return replaying.replay_ledger(line.services, _tenant(line), None)


def _with(line: World, column: sa.Column[Any], value: Any) -> Replayed:
    """Replay while a column holds something else; put it back."""
    key = column.table.primary_key.columns
    with line.services.store.transaction() as session:
        before = session.execute(sa.select(*key, column)).all()
        unguarded(session).execute(sa.update(column.table).values({column: value}))
    found = _replayed(line)
    with line.services.store.transaction() as session:
        for *place, held in before:
            same = sa.and_(*(part == at for part, at in zip(key, place, strict=True)))
            unguarded(session).execute(sa.update(column.table).where(same).values({column: held}))
    return found


def _frame(line: World) -> pl.DataFrame:
    """The inputs of the first batch."""
    with line.services.store.reading() as session:
        return inputs.unpack(session.execute(sa.select(score_inputs.c.frame)).scalars().first())


def test_every_delivered_score_replays_equal(line: World) -> None:
    """After a first run and a second one; one lead's as it stood; the others' once a lead is erased."""
    tenant, (gone, *rest) = _tenant(line), _leads(line)
    assert len(line.crm.held) == len(rest) + 1 > 60
    assert _replayed(line) == Replayed(len(rest) + 1)
    assert replaying.replay_lead(line.services, tenant, gone, line.clock.now()) == Replayed(1)
    with pytest.raises(RejectedInput, match=f"no score of lead {gone}"):
        replaying.replay_lead(line.services, tenant, gone, line.clock.now() - timedelta(hours=1))
    maintenance.start_run(line.services, tenant, pipeline.REFRESH)
    line.work()
    assert _replayed(line) == Replayed(2 * len(rest) + 2)
    assert replaying.replay_ledger(line.services, tenant, 1) == Replayed(len(rest) + 1)
    with line.services.store.transaction() as session:
        session.execute(sa.delete(records).where(records.c.lead_id == gone))
        assert leads.drop_orphans(session, tenant) == 1
    assert gone not in set(_frame(line)["lead_id"])
    assert _replayed(line) == Replayed(2 * len(rest), erased=2)


def test_what_was_touched_is_found(line: World) -> None:
    """An input, a missing one, damaged ones, a score, the model: each alone, each named."""
    frame, whole = _frame(line), len(_leads(line))
    lead = frame["lead_id"][3]
    changed = frame.with_columns(age=pl.col("age.days") + (pl.col("lead_id") == lead).cast(pl.Float64))
    changed = changed.with_columns(pl.col("age").alias("age.days")).drop("age")
    found = _with(line, score_inputs.c.frame, inputs.pack(changed))
    assert found.checked == whole - 1
    assert "inputs_hash was" in found.wrong[-1]
    found = _with(line, score_inputs.c.frame, inputs.pack(frame.slice(1)))
    assert (found.checked, found.erased) == (whole - 1, 0)
    assert "its inputs are missing" in found.wrong[0]
    assert "damaged" in _with(line, score_inputs.c.frame, b"nothing").wrong[0]
    rewritten = sa.func.replace(ledger_payloads.c.body, '"tier":"High', '"tier":"Very high')
    assert "not the committed one" in _with(line, ledger_payloads.c.body, rewritten).wrong[0]
    artefact = models.c.artefact
    with line.services.store.reading() as session:
        data = bytes(session.execute(sa.select(artefact)).scalar_one())
    found = _with(line, artefact, data + b"\0")
    assert (found.checked, len(found.wrong)) == (whole, 1)
    assert "not the model that was published" in found.wrong[0]
    assert "corrupted" in _with(line, artefact, data[:-40]).wrong[-1]
    assert _replayed(line) == Replayed(whole)
