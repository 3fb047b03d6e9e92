"""Companies are scored by the leads that a pass scored; who left, and what is older, does not count."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from connector.services.champions.serving import Serving
from connector.services.companies import refresh
from connector.store import companies, leads, scores, tenants
from connector.store.leads import NewLead
from connector.store.session import Store
from connector.store.tenants import TenantSettings
from scoring.companies import chance_of_any
from tests.world import NOW

DAY = timedelta(days=1)


def tenant(store: Store) -> UUID:
    """A tenant without anything."""
    with store.transaction() as session:
        return tenants.create(session, "Alpha", TenantSettings(), NOW)


def scored(store: Store, tenant_id: UUID, as_of: datetime, **chances: tuple[str | None, str, str]) -> dict[str, int]:
    """Leads by key with company, chance and tier, scored as of then; returns their ids."""
    with store.transaction() as session:
        new = [NewLead(key, NOW, company, "business") for key, (company, _, _) in chances.items()]
        ids = leads.save(session, tenant_id, new)
        fixed: dict[str, Any] = {"tenant_id": tenant_id, "run_id": UUID(int=1), "model": "m", "reasons": []}
        fixed |= {"base_value": "0.0", "inputs_hash": "0", "as_of": as_of, "scored_at": as_of, "score": Decimal(50)}
        rows = [
            fixed | {"lead_id": ids[key], "probability": Decimal(chance), "tier": tier}
            for key, (_, chance, tier) in chances.items()
        ]
        scores.save(session, rows)
    return ids


def found(store: Store, tenant_id: UUID) -> dict[str, Any]:
    """The companies' scores by key."""
    with store.reading() as session:
        return {row.company_key: row for row in companies.page(session, tenant_id, after=None, limit=99)}


def test_companies_are_scored_by_their_leads(store: Store) -> None:
    """Chance, number of leads, those with high intent, and the best one; leads without a company make none."""
    mine, other = tenant(store), tenant(store)
    ids = scored(
        store,
        mine,
        NOW,
        a=("alpha.org", "0.2", "Low"),
        b=("alpha.org", "0.5", "High-Intent"),
        c=("beta.org", "0.1", "Low"),
        d=(None, "0.9", "High-Intent"),
    )
    scored(store, other, NOW, a=("alpha.org", "0.9", "Low"))
    with store.transaction() as session:
        assert refresh(session, mine, Serving(("m", "0")), NOW, NOW) == 2
    rows = found(store, mine)
    alpha = rows["alpha.org"]
    assert float(alpha.probability) == round(chance_of_any([0.5, 0.2]), 8)
    assert (alpha.leads, alpha.high_intent, alpha.best_lead_id) == (2, 1, ids["b"])
    assert rows["beta.org"].probability == Decimal("0.1")
    assert list(rows) == ["alpha.org", "beta.org"]
    assert found(store, other) == {}


def test_leads_that_a_later_pass_left_out_do_not_count(store: Store) -> None:
    """A customer's old score stays; the company loses it, and its own with the last one."""
    mine = tenant(store)
    scored(store, mine, NOW, a=("alpha.org", "0.2", "Low"), b=("alpha.org", "0.5", "Low"), c=("beta.org", "0.1", "Low"))
    with store.transaction() as session:
        refresh(session, mine, Serving(("m", "0")), NOW, NOW)
    before = found(store, mine)
    scored(store, mine, NOW + DAY, a=("alpha.org", "0.3", "Low"))
    with store.transaction() as session:
        refresh(session, mine, Serving(("m", "0")), NOW + DAY, NOW + DAY)
    (alpha,) = found(store, mine).values()
    assert (alpha.probability, alpha.leads) == (Decimal("0.3"), 1)
    assert alpha.id == before["alpha.org"].id


def test_a_pass_that_was_overtaken_changes_nothing(store: Store) -> None:
    """Told twice, or late: the newer score stays."""
    mine = tenant(store)
    scored(store, mine, NOW + DAY, a=("alpha.org", "0.3", "Low"))
    with store.transaction() as session:
        refresh(session, mine, Serving(("new", "0")), NOW + DAY, NOW + DAY)
        refresh(session, mine, Serving(("new", "0")), NOW + DAY, NOW + DAY)
        refresh(session, mine, Serving(("old", "0")), NOW, NOW + 2 * DAY)
    (alpha,) = found(store, mine).values()
    assert (alpha.model, alpha.as_of) == ("new", NOW + DAY)
