"""What was kept for its time is gone the night after, kind by kind, and the rest stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import sqlalchemy as sa

from connector.records import Page, PropertyChange, Removal, WebhookHint
from connector.services.privacy import retention
from connector.store import inbox, inputs, ledger
from connector.store.session import Store
from connector.store.tables import changes, events, score_inputs
from connector.store.tables import inbox as inbox_table
from tests.services.privacy.people import ANA, BEN, people
from tests.world import NOW

DAY = timedelta(days=1)
KINDS = (
    "hints",
    "events",
    "former values",
    "archived records",
    "ended leads",
    "inputs",
    "messages",
    "former secrets",
)
NOTHING = dict.fromkeys(KINDS, 0)


def test_each_kind_goes_after_its_own_time(store: Store) -> None:
    """Neither a day before, nor what is not done with, nor what a field has been since."""
    made = people(store)
    services, keeping = made.services, made.services.keeping
    moved = [PropertyChange(ANA, "city", "Faro", NOW + DAY), PropertyChange(ANA, "city", "Braga", NOW + 40 * DAY)]
    made.read(Page(cursor={}, drained=True, changes=tuple(moved)))
    made.read(Page(cursor={}, drained=True, removals=(Removal(BEN, NOW),)))
    with store.transaction() as session:
        hint = WebhookHint("101", "done", "changed", ANA, NOW)
        inbox.keep(session, made.tenant_id, made.account.id, [hint, replace(hint, dedupe_key="open")], NOW)
        inbox.handled(session, made.account.id, ["done"], NOW)
        first = ledger.append(session, made.tenant_id, [ledger.Entry("scored", made.lead_of(ANA), {})], NOW)
        frame = inputs.pack(pl.DataFrame({"lead_id": [made.lead_of(ANA)]}))
        inputs.save(session, made.tenant_id, inputs.Batch(first, first, "m", frame))
    found = {}
    for days in sorted({keeping.hints, keeping.archived, keeping.inputs, keeping.events, keeping.values}):
        made.world.clock.at = NOW + days
        assert retention.purge(services, made.tenant_id) == NOTHING
        made.world.clock.at += timedelta(seconds=1)
        found[days] = retention.purge(services, made.tenant_id)
    assert found[keeping.hints] == NOTHING | {"hints": 1}
    assert found[keeping.archived] == NOTHING | {"archived records": 1, "inputs": 1}
    assert found[keeping.events] == NOTHING | {"events": 1}
    made.world.clock.at = NOW + keeping.values + 2 * DAY
    assert retention.purge(services, made.tenant_id) == NOTHING | {"former values": 1}
    with store.reading() as session:
        values = sa.select(changes.c.value).where(changes.c.name == "city").order_by(changes.c.at)
        assert session.execute(values).scalars().all() == ["Faro", "Braga"]
        assert session.execute(sa.select(events)).all() == []
        assert session.execute(sa.select(score_inputs)).all() == []
        assert session.execute(sa.select(inbox_table.c.dedupe_key)).scalars().all() == ["open"]
    assert made.known() == {ANA}
