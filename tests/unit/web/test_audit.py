"""The page Audit: what it finds, what it says of the chain, and its file."""

from __future__ import annotations

import csv
import io
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.records import Role
from connector.services import acts, schedules
from connector.services.audit import checking, trail
from connector.services.audit.trail import Wanted
from connector.store import ledger
from connector.store.tables import ledger as ledger_table
from connector.store.tables import ledger_payloads
from tests.store.tampering import unguarded
from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms


def _tenant(site: Site) -> UUID:
    return site.tenant_of("101")


def _boss(site: Site) -> Browser:
    return site.as_a(Role.ADMIN, _tenant(site), "Bo")


def _act(site: Site, who: str, action: str, **more: object) -> None:
    services = site.world.services
    with acts.asked_by(who), services.store.transaction(_tenant(site)) as session:
        acts.record(services, session, _tenant(site), action, **more)


def _shown(site: Site, **wanted: object) -> list[str]:
    page = trail.trail_page(site.world.services, _tenant(site), Wanted(**wanted), None)  # type: ignore[arg-type]
    return [one.what for one in page.rows]


def test_the_ledger_is_found_by_what_it_says(live: Site) -> None:
    """By kind, part of a name, account and lead; each alone and together."""
    account = live.connection("101").id
    _act(live, "Ada Lovelace (user 1)", "set retraining", retrain_days=1)
    _act(live, "Bob", "approve publication", connection=str(account))
    assert _shown(live, who="lovelace") == ["set retraining"]
    assert _shown(live, who="LOVELACE", kind="scored") == []
    assert _shown(live, connection=account, kind="admin") == ["approve publication", "install"]
    assert _shown(live, connection=account)[0] == "approve publication"
    with live.world.services.store.reading() as session:
        lead = session.execute(sa.select(ledger_table.c.lead_id).where(ledger_table.c.kind == "scored").limit(1))
        number = lead.scalar_one()
    page = trail.trail_page(live.world.services, _tenant(live), Wanted(lead=number), None)
    assert {one.lead_id for one in page.rows} == {number}
    assert {one.kind for one in page.rows} >= {"scored", "delivered"}


def test_pages_show_each_entry_once(live: Site) -> None:
    """Following the links to the oldest one passes every entry."""
    seen: list[int] = []
    before: int | None = None
    while True:
        page = trail.trail_page(live.world.services, _tenant(live), Wanted(), before)
        seen += [one.seq for one in page.rows]
        before = page.following
        if before is None:
            break
    assert seen == list(range(page.newest, 0, -1))


def test_a_page_gives_up_and_says_where_to_go_on(live: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that nobody has, among many entries: a bounded look, and a link further back."""
    monkeypatch.setattr(trail, "_PIECE", 1)
    monkeypatch.setattr(trail, "_PIECES", 2)
    for n in range(4):
        _act(live, "Bob", f"act {n}")
    page = trail.trail_page(live.world.services, _tenant(live), Wanted(who="nobody"), None)
    assert (list(page.rows), page.looked) == ([], 2)
    assert page.following
    text = _boss(live).get("/audit?who=nobody").text
    assert "older ones may fit" in text
    assert f"before={page.following - 1}" in text or f"before={page.following}" in text


def test_the_chain_is_verified_on_demand_and_the_page_says_since_when(live: Site) -> None:
    """Asked for by a button, done by the clock, told with its time; a forged entry is told in red."""
    boss = _boss(live)
    assert "Not verified yet" in boss.get("/audit").text
    live.world.work()
    schedules.enter(live.world.services)
    boss.press("/audit", "/audit/verify")
    assert "A check was asked for" in boss.get("/audit").text
    assert (_tenant(live), checking.KIND) in schedules.due(live.world.services)
    assert schedules.carry_out(live.world.services, _tenant(live), checking.KIND)
    text = boss.get("/audit").text
    assert "Unbroken" in text
    assert "Verify now" in text
    with live.world.services.store.transaction() as session:
        unguarded(session).execute(sa.update(ledger_table).where(ledger_table.c.seq == 3).values(hash="forged"))
    checking.check(live.world.services, _tenant(live))
    assert "is broken at entry 3" in boss.get("/audit").text


def test_a_long_chain_is_verified_in_turns(live: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each turn goes on where the former one stopped; the schedule asks again until it is done."""
    monkeypatch.setattr(checking, "PIECE", 100)
    monkeypatch.setattr(checking, "PIECES", 2)
    schedules.enter(live.world.services)
    checking.ask(live.world.services, _tenant(live))
    turns = 1
    while not schedules.carry_out(live.world.services, _tenant(live), checking.KIND):
        assert f"{turns * 200} of" in _boss(live).get("/audit").text.replace(",", "")
        live.world.clock.at += schedules.LEAST_PAUSE
        turns += 1
    with live.world.services.store.reading() as session:
        assert turns == -(-ledger.verify(session, _tenant(live)).entries // 200)
    assert "Unbroken" in _boss(live).get("/audit").text


def test_an_erased_entry_says_so(live: Site) -> None:
    """On the page and in the file; the entry stays."""
    with live.world.services.store.transaction() as session:
        newest = session.execute(sa.select(sa.func.max(ledger_table.c.seq))).scalar_one()
        session.execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == newest))
    assert "was erased with the person" in _boss(live).get("/audit").text


def test_the_file_holds_what_the_filter_shows_and_is_on_the_record(live: Site) -> None:
    """Texts that a spreadsheet would compute are made harmless."""
    _act(live, "=Eve", "set retraining", retrain_days=1)
    boss = _boss(live)
    fields = {**forms(boss.get("/audit?who=eve").text)["/audit/ledger.csv"]}
    answer = boss.client.post(
        "/audit/ledger.csv", data=fields, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL + "/audit"}
    )
    assert answer.mimetype == "text/csv"
    (line,) = csv.DictReader(io.StringIO(answer.text))
    assert (line["who"], line["what"], line["kind"]) == ("'=Eve", "set retraining", "admin")
    assert '"retrain_days":1' in line["said"]
    assert _shown(live, kind="admin")[0] == "took the ledger out as a file"


@pytest.mark.parametrize("query", ["kind=x", "lead=abc", "since=31.3.2026", "connection=7"])
def test_what_can_not_be_read_is_said(live: Site, query: str) -> None:
    """The filter's fields say what they take; a place that is none is no page."""
    assert 'class="notice"' in _boss(live).get(f"/audit?{query}").text
    assert _boss(live).get("/audit?before=x").status_code == 404
