"""Who objected to being profiled has no score, gets none, and is in no training."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from connector.records import Page, Removal
from connector.services import scored, snapshot
from connector.services.privacy import erasing
from connector.services.privacy.objecting import allow_profiling, object_to_profiling
from connector.services.scored import Scoring
from connector.store import objections, tenants
from connector.store.frames import Cut
from connector.store.session import Store
from connector.store.tables import outbox, scores
from tests.services.privacy.people import ANA, BEN, People, people, told
from tests.store.test_newest_wins import score


def _profiled(made: People) -> set[int]:
    """Return the leads that models learn from and score: whole, and one by one."""
    with made.services.store.reading() as session:
        settings = tenants.get(session, made.tenant_id).settings
    whole = set(snapshot.history(made.services, made.tenant_id, settings).leads["lead_id"])
    cut = Cut((made.lead_of(ANA), made.lead_of(BEN)))
    assert set(snapshot.history(made.services, made.tenant_id, settings, cut).leads["lead_id"]) == whole
    return whole


def test_who_objects_leaves_scores_training_and_the_crm(store: Store) -> None:
    """Until the tenant notes that they changed their mind."""
    made = people(store)
    ana, ben = made.lead_of(ANA), made.lead_of(BEN)
    with store.transaction() as session:
        for lead_id in (ana, ben):
            session.execute(sa.insert(scores), [score(made.tenant_id, lead_id, made.world.clock.now(), 50)])
    assert _profiled(made) == {ana, ben}
    assert not object_to_profiling(made.services, made.tenant_id, ana + 1_000, "test", clear=True)
    assert object_to_profiling(made.services, made.tenant_id, ana, "test", clear=True)
    assert _profiled(made) == {ben}
    for found in erasing.due(made.services):
        assert erasing.carry_out(made.services, found)
    assert set(made.world.crm.held) == {BEN}
    with store.reading() as session:
        assert session.execute(sa.select(scores.c.lead_id)).scalars().all() == [ben]
        assert len(session.execute(sa.select(outbox)).all()) == 1
    assert made.known() == {ANA, BEN}
    assert allow_profiling(made.services, made.tenant_id, ana, "test")
    assert _profiled(made) == {ana, ben}


def test_values_stay_in_the_crm_where_that_is_wanted(store: Store) -> None:
    """The choice is the tenant's."""
    made = people(store)
    assert object_to_profiling(made.services, made.tenant_id, made.lead_of(ANA), "test", clear=False)
    assert erasing.due(made.services) == []
    assert set(made.world.crm.held) == {ANA, BEN}


def test_the_word_outlasts_reading_joining_and_merging(store: Store) -> None:
    """Another record of the person, and one that takes theirs over, keep it."""
    made = people(store)
    object_to_profiling(made.services, made.tenant_id, made.lead_of(ANA), "test", clear=False)
    later = replace(told(ANA).records[0], modified_at=made.world.clock.now())
    made.read(Page(cursor={}, drained=True, records=(later, replace(later, record_id="twin"))))
    assert _profiled(made) == {made.lead_of(BEN)}
    merged = Removal(ANA, made.world.clock.now(), merged_into=BEN)
    made.read(Page(cursor={}, drained=True, removals=(merged,)))
    assert _profiled(made) == set()


def test_a_score_that_was_made_before_the_word_is_not_kept(store: Store) -> None:
    """A worker had it in hand."""
    made = people(store)
    ana = made.lead_of(ANA)
    object_to_profiling(made.services, made.tenant_id, ana, "test", clear=False)
    now = made.world.clock.now()
    with store.transaction() as session:
        scoring = Scoring(made.tenant_id, made.tenant_id, "m", now, "test")
        kept = scored.keep(session, scoring, [{"lead_id": ana}], b"", now)
        assert kept.records == ()
        assert objections.since(session, made.tenant_id, ana) == now
        assert session.execute(sa.select(scores)).all() == []
