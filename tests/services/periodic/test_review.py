"""The compliance review over a tenant that was really trained and scored: whole, and of nobody by name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from connector.services import acts, fairness, snapshot
from connector.services.champions import choosing
from connector.services.periodic import explanations, making, periods
from connector.services.periodic import fairness as review
from connector.services.periodic.periods import Months, Period
from connector.store import connections, models, tenants
from connector.store.tables import leads, ledger, ledger_payloads, records
from scoring.cards.blocks import Paragraph, Table
from tests.databases import sqlite_store
from tests.services.copies import copied
from tests.services.kpis.history import History
from tests.services.periodic.world import as_text
from tests.store.tampering import unguarded
from tests.world import World

MODULE = "module"


@pytest.fixture
def tenant(scored: World, tmp_path: Path) -> Iterator[History]:
    store = sqlite_store(tmp_path / "review.db")
    line = copied(scored, store)
    with store.reading() as session:
        found = connections.find_by_account(session, "fakecrm", "101")
    assert found
    yield History(line.services, line.clock, found.tenant_id, found.id)
    store.close()


def so_far(tenant: History) -> Period:
    """The quarter until a moment after all that was done."""
    return Period(
        "2026-Q1",
        periods.so_far(Months.QUARTER, tenant.clock.now()).start,
        periods.begins_next(Months.QUARTER, tenant.clock.now()),
    )


def drawn(tenant: History) -> tuple[str, list[tuple[str, ...]]]:
    """The summary's sentence and the rows of the sample."""
    section, sentence = explanations.sample(tenant.services, tenant.tenant_id, so_far(tenant))
    return sentence, [row for block in section.blocks for row in getattr(block, "rows", ())]


def test_the_review_tells_what_was_chosen_to_be_compared_and_by_whom(tenant: History) -> None:
    """What the model could not compare yet is said, too."""
    with acts.asked_by("Olga (user 1)"):
        fairness.choose(tenant.services, tenant.tenant_id, "city", on=True)
        fairness.choose(tenant.services, tenant.tenant_id, "size", on=True)
    with tenant.services.store.reading() as session:
        settings = tenants.get(session, tenant.tenant_id).settings
    history = snapshot.history(tenant.services, tenant.tenant_id, settings)
    assert snapshot.audited(history, settings) == ["fakecrm.city", "fakecrm.size"]
    section, _ = review.fairness(tenant.services, tenant.tenant_id, so_far(tenant))
    first, choices, *_ = section.blocks
    assert isinstance(first, Paragraph)
    assert "Chosen to be compared over: City, Company size." in first.text
    assert "compared from the next one on: City, Company size." in first.text
    assert isinstance(choices, Table)
    assert [row[1:] for row in choices.rows] == [("city", "Olga (user 1)"), ("city, size", "Olga (user 1)")]


def test_the_review_holds_each_published_version_with_its_card(tenant: History) -> None:
    """In HTML and PDF: verdict, identity, who let it score, the sample, and the ledger's verification."""
    found = making.make(tenant.services, tenant.tenant_id, "compliance", so_far(tenant))
    with tenant.services.store.reading(tenant.tenant_id) as session:
        (version,) = models.versions(session, tenant.tenant_id)
        (row,) = models.listed(session, tenant.tenant_id)
    for text in as_text(tenant, found):
        assert f"Model card: {version}. Verdict" in text
        assert row.sha256 in text.replace(" ", "")
        assert "a model came to score" in text
        assert "Explanations, a random sample" in text
        assert "verify from the first to the newest" in text
    assert "Explanations: 20 sampled, all add up to their scores." in found.summary


def test_nobody_is_named_in_any_report(tenant: History) -> None:
    """No address, no name, no number of a record or lead's key of any of the people."""
    with tenant.services.store.reading() as session:
        keys = set(session.execute(sa.select(leads.c.key)).scalars())
        people = session.execute(sa.select(records.c.vendor_id, records.c.email)).all()
    told = {email for _, email in people if email} | {key for key in keys if len(key) > 5}
    assert len(told) > 100
    for kind in making.KINDS:
        found = making.make(tenant.services, tenant.tenant_id, kind, so_far(tenant))
        for text in as_text(tenant, found):
            assert "@" not in text
            assert not [one for one in told if one in text]


def test_a_sample_is_drawn_again_the_same_and_another_quarter_draws_another(tenant: History) -> None:
    """By its seed, which the report says."""
    first, again = drawn(tenant), drawn(tenant)
    assert first == again
    assert len(first[1]) == explanations.SIZE
    period = so_far(tenant)
    other, _ = explanations.sample(tenant.services, tenant.tenant_id, Period("2026-Q2", period.start, period.end))
    assert [row for block in other.blocks for row in getattr(block, "rows", ())] != first[1]


def test_an_explanation_that_does_not_add_up_is_found(tenant: History) -> None:
    """Even if only the average was changed."""
    with tenant.services.store.transaction() as session:
        scored = sa.select(ledger.c.seq).where(ledger.c.kind == "scored")
        changed = sa.func.replace(ledger_payloads.c.body, '"base_value":"-', '"base_value":"')
        unguarded(session).execute(
            sa.update(ledger_payloads).where(ledger_payloads.c.seq.in_(scored)).values(body=changed)
        )
    sentence, rows = drawn(tenant)
    assert {row[-1] for row in rows} == {"no"}
    assert sentence == "Explanations: 20 of 20 sampled do not add up to their scores."


def test_large_ledgers_are_sampled_without_being_read(tenant: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers are drawn until enough of them are scores: all different, all of the period."""
    monkeypatch.setattr(explanations, "_DRAWN", 30)
    _, rows = drawn(tenant)
    numbers = [row[0] for row in rows]
    assert len(set(numbers)) == explanations.SIZE


def test_what_was_erased_since_says_so(tenant: History) -> None:
    with tenant.services.store.transaction() as session:
        unguarded(session).execute(sa.delete(ledger_payloads))
    _, rows = drawn(tenant)
    assert {row[5] for row in rows} == {"erased since"}


def test_a_rollback_is_in_the_review_with_who_did_it(tenant: History) -> None:
    """As an act of a person; a former model stands in for a second training."""
    with tenant.services.store.transaction(tenant.tenant_id) as session:
        (version,) = models.versions(session, tenant.tenant_id)
        one = models.get(session, tenant.tenant_id, version)
        assert one
        former = models.ModelVersion(
            "model_v20260101", one.as_of, one.seed, one.artefact, one.sha256, one.report, one.created_at
        )
        now = tenant.clock.now()
        models.keep(session, tenant.tenant_id, former, models.RETIRED, models.Decided({"outcome": "published"}, now))
        session.exec_driver_sql("UPDATE models SET replaced = 'model_v20260101' WHERE status = 'champion'")
    choosing.roll_back(tenant.services, tenant.tenant_id)
    found = making.make(tenant.services, tenant.tenant_id, "compliance", so_far(tenant))
    assert "0 approvals of models by a person, 1 rollback." in found.summary
    assert "a former model was brought back" in as_text(tenant, found)[1]
