"""The page that compares two scores of a lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from markupsafe import escape

from connector.services import maintenance, pipeline
from connector.services.reports.changes import GONE, lead_changes
from connector.services.reports.lead_list import lead_page
from connector.store import ledger, successions
from connector.store.successions import Left
from connector.store.tables import records, score_inputs
from tests.databases import sqlite_store
from tests.unit.web.site import Browser, Site, site


@pytest.fixture(scope="module")
def twice(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Pages of a tenant that was scored again eight days later."""
    store = sqlite_store(_folder(tmp_path_factory) / "web.db")
    made = site(store, people=200)
    made.signed_in()
    made.world.work()
    made.world.clock.sleep(timedelta(days=8).total_seconds())
    maintenance.start_run(made.world.services, made.tenant_of("101"), pipeline.REFRESH)
    made.world.work()
    yield made
    store.close()


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("twice")


def _seqs(site: Site, lead: int) -> list[int]:
    """A lead's scores in the ledger, newest first."""
    with site.world.services.store.reading() as session:
        return [entry.seq for entry in ledger.latest(session, site.tenant_of("101"), "scored", lead, 10**9, 9)]


def _best(site: Site) -> int:
    return lead_page(site.world.services, site.tenant_of("101")).rows[0].lead_id


@pytest.fixture
def owner(twice: Site) -> Browser:
    return twice.signed_in()


def test_the_page_of_a_lead_leads_to_what_changed(twice: Site, owner: Browser) -> None:
    """From the newest score only: the first has nothing before it. Every part is told and they add up."""
    lead = _best(twice)
    newest, first = _seqs(twice, lead)
    links = re.findall(rf'href="(/leads/{lead}/changes/\d+)"', owner.get(f"/leads/{lead}").text)
    assert set(links) == {f"/leads/{lead}/changes/{newest}"}
    text = owner.get(links[0]).text
    assert "The score went from" in text
    assert "→" in text
    assert "first score" in owner.get(f"/leads/{lead}/changes/{first}").text
    found = lead_changes(twice.world.services, twice.tenant_of("101"), lead, newest)
    assert found
    assert found.comparison
    parts = found.comparison
    told = parts.model + parts.rest + sum(part.after - part.before for part in parts.concepts)
    assert told == pytest.approx(parts.log_odds[1] - parts.log_odds[0], abs=1e-6)


def test_only_a_leads_own_scores_are_compared(twice: Site, owner: Browser) -> None:
    """Another lead's entry, and one that is none, are not found."""
    lead = _best(twice)
    other = lead_page(twice.world.services, twice.tenant_of("101")).rows[1].lead_id
    assert owner.get(f"/leads/{lead}/changes/{_seqs(twice, other)[0]}").status_code == 404
    assert owner.get(f"/leads/{lead}/changes/999999").status_code == 404


def test_scores_whose_inputs_are_gone_are_not_compared(twice: Site, owner: Browser) -> None:
    """The page says so."""
    lead = _best(twice)
    newest, first = _seqs(twice, lead)
    old = score_inputs.c.first_seq <= first
    with twice.world.services.store.transaction() as session:
        kept = [dict(row._mapping) for row in session.execute(sa.select(score_inputs).where(old))]
        session.execute(sa.delete(score_inputs).where(old))
    assert escape(GONE) in owner.get(f"/leads/{lead}/changes/{newest}").text
    with twice.world.services.store.transaction() as session:
        session.execute(sa.insert(score_inputs), kept)


def test_entries_of_a_lead_that_joined_say_so(twice: Site, owner: Browser) -> None:
    """On the page of the lead that it became, and nowhere else."""
    tenant, former = twice.tenant_of("101"), 987_654
    lead, other = [row.lead_id for row in lead_page(twice.world.services, tenant).rows[:2]]
    newest = _seqs(twice, lead)[0]
    with twice.world.services.store.transaction() as session:
        record = session.execute(sa.select(records.c.id).where(records.c.lead_id == lead)).scalars().first()
        assert record
        successions.note(session, tenant, [Left(former, record)], twice.world.clock.now())
        entry = ledger.latest(session, tenant, "scored", lead, newest, 1)[0]
        body = dict(entry.body or {}) | {"requester": "of the former"}
        ledger.append(session, tenant, [ledger.Entry("scored", former, body)], twice.world.clock.now())
    text = owner.get(f"/leads/{lead}").text
    assert "Lead 987,654 was found to be the same person on" in text
    assert "of lead 987,654, before it joined this one" in text
    assert text.count("of the former") == 1
    assert "987,654" not in owner.get(f"/leads/{other}").text
    assert set(re.findall(rf"/leads/{lead}/changes/(\d+)", text)) == {str(newest)}
