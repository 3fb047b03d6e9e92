"""What leaves a tenant, and what it takes: only by its own choice, only coefficients, and never its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
import sqlalchemy as sa

from connector.services import maintenance, pipeline, pooling
from connector.store import connections, ledger, models, shares, tenants
from connector.store.session import Store
from connector.store.shares import ShareKey
from connector.store.tables import model_shares
from connector.store.tables import tenants as tenants_table
from connector.store.tenants import TenantSettings
from scoring.prior import pooled, readable
from tests.services.copies import copied, scored_world
from tests.world import NOW, World, small_account, world

KEY = ShareKey("deal_won", 90)


def _world(store: Store, people: int, conversions: int | None = None, **onboarding: Any) -> World:
    """A world whose account has so many people, of whom at most so many convert."""
    made = world(store, complexity="interpretable", **onboarding)
    made.crm.pages = small_account(people, 2).pages
    if conversions is not None:
        made.crm.pages["deals"] = made.crm.pages["deals"][:1]
        made.crm.pages["deals"] = [
            type(page)(cursor={}, drained=False, conversions=page.conversions[:conversions])
            for page in made.crm.pages["deals"]
        ]
    return made


def _share(number: int, spread: float = 0.3) -> dict[str, Any]:
    rng = np.random.default_rng(number)
    terms = {
        "events.email_clicked.all": [1.0 + rng.normal(0, spread), 0.04, 800, 150],
        "recency.email_clicked": [-0.2 + rng.normal(0, 0.1), 0.02, 800, 150],
    }
    return {"base": [-2.0 + rng.normal(0, spread), 0.01, 900, 200], "terms": terms}


def _others(store: Store, count: int, *, region: str = "default", **settings: Any) -> list[UUID]:
    """Tenants who have given a share before."""
    made = []
    with store.transaction() as session:
        for number in range(count):
            one = tenants.create(session, f"Other {number}", TenantSettings(**({"pooling": True} | settings)), NOW)
            session.execute(sa.update(tenants_table).where(tenants_table.c.id == one).values(region=region))
            shares.keep(session, one, KEY, _share(number), NOW)
            made.append(one)
    return made


@pytest.fixture(scope="module")
def giving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A tenant that is large enough, and gave what its first training found. Tests leave it as it is."""
    with scored_world(tmp_path_factory.mktemp("giving"), small_account(700, 2), pooling=True) as made:
        yield made


def _trained(line: World) -> tuple[UUID, dict[str, Any]]:
    """Go through the line; return the tenant and its champion's report."""
    line.install()
    line.work()
    return _champion(line)


def _champion(line: World) -> tuple[UUID, dict[str, Any]]:
    with line.services.store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
        assert found
        champion = models.champion(session, found.tenant_id)
    assert champion
    return found.tenant_id, champion.report


def _given(store: Store, tenant_id: UUID) -> list[dict[str, Any]]:
    with store.reading() as session:
        query = sa.select(model_shares.c.share).where(model_shares.c.tenant_id == tenant_id)
        return list(session.execute(query).scalars())


def test_a_new_tenant_starts_from_what_others_have_in_common(store: Store) -> None:
    """Twelve others gave; the report says so, and which prior it was."""
    _others(store, 12)
    tenant_id, report = _trained(_world(store, 100, 8, pooling=True))
    assert report["kind"] == "pooled"
    prior = pooled(readable(_share(number) for number in range(12)))
    assert prior
    assert report["prior"] == {"sha256": prior.sha256, "tenants": 12, "serves": True, "prior": prior.to_json()}
    assert _given(store, tenant_id) == []


@pytest.mark.parametrize("way", ["nobody asked", "too few others", "others left", "another region", "another goal"])
def test_nobody_takes_who_may_not(store: Store, way: str) -> None:
    """Not opted in, or fewer than ten others of the region and kind of goal who are: nothing to begin with."""
    mine: dict[str, Any] = {"pooling": way != "nobody asked"}
    if way == "others left":
        _others(store, 9)
        _others(store, 3, pooling=False)
    elif way == "another region":
        _others(store, 12, region="elsewhere")
    else:
        _others(store, 9 if way == "too few others" else 12)
    if way == "another goal":
        mine["goal"] = "stage:customer"
    with store.transaction() as session:
        tenant = tenants.get(session, tenants.create(session, "New", TenantSettings(**mine), NOW))
    found = pooling.taken(world(store).services, tenant)
    if way == "nobody asked":
        assert found is None
    else:
        assert found is not None
        assert len(found) == (9 if way in ("too few others", "others left") else 0)
        assert pooled(readable(found)) is None


def test_with_too_few_others_the_scorecard_serves(store: Store) -> None:
    """A training that found nine of them."""
    _others(store, 9)
    _, report = _trained(_world(store, 100, 8, pooling=True))
    assert report["kind"] == "scorecard"
    assert report["prior"] is None


def test_a_tenant_gives_after_its_training_and_takes_back_when_it_leaves(giving: World, store: Store) -> None:
    """One row, no id or name or text of the tenant in it; opting out deletes it and is on the record."""
    line = copied(giving, store)
    tenant_id, report = _champion(line)
    assert report["conversions"] >= 100
    (share,) = _given(store, tenant_id)
    assert readable([share])
    assert set(share) == {"base", "terms"}
    told = json.dumps(share)
    assert not [word for word in (str(tenant_id), "Alpha", "Porto", '"city', "size", "firm", "fakecrm") if word in told]
    pooling.choose(line.services, tenant_id, on=False)
    assert _given(store, tenant_id) == []
    with store.reading() as session:
        assert not tenants.get(session, tenant_id).settings.pooling
        assert ledger.verify(session, tenant_id).broken_at is None


def test_without_its_choice_nothing_leaves_a_tenant(giving: World, store: Store) -> None:
    """As large as the one that gives; what is still there of it goes with its next training."""
    line = copied(giving, store)
    tenant_id, first = _champion(line)
    with store.transaction() as session:
        tenants.save_settings(session, tenant_id, replace(tenants.get(session, tenant_id).settings, pooling=False))
    assert _given(store, tenant_id) != []
    line.clock.sleep(86_400)
    maintenance.start_run(line.services, tenant_id, pipeline.RETRAIN)
    line.work()
    with store.reading() as session:
        found = models.newest(session, tenant_id)
    assert found
    assert found[0] != first["version"]
    assert found[1]["conversions"] >= 100
    assert _given(store, tenant_id) == []


def test_nobody_takes_its_own_share_and_a_deleted_tenant_leaves_none(store: Store) -> None:
    """Ten gave: each finds nine, and the eleventh ten, until one is erased."""
    made, services = _others(store, 10), world(store).services
    with store.transaction() as session:
        eleventh = tenants.create(session, "New", TenantSettings(pooling=True), NOW)
        one, new = tenants.get(session, made[0]), tenants.get(session, eleventh)
    assert [len(pooling.taken(services, tenant) or ()) for tenant in (one, new)] == [9, 10]
    with store.transaction() as session:
        session.execute(sa.delete(tenants_table).where(tenants_table.c.id == made[3]))
    assert len(pooling.taken(services, new) or ()) == 9


def test_a_share_of_a_newer_program_ends_no_training(store: Store) -> None:
    """It is passed over; the ten others are pooled."""
    assert store
    strange = [{"base": [0.1, 0.2, 900, 200], "terms": {"field.secret": [1, 1, 900, 200]}}, {"form": 9}]
    told = [_share(number) for number in range(10)]
    found = pooled(readable([*told, *strange]))
    assert found
    assert found.tenants == 10
    assert pooled(readable([*told[:9], *strange])) is None
