"""The list of leads: found by name, filtered, kept as a view, and acts on several at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from connector.records import Role, Tier
from connector.services import views
from connector.services.reports import lead_list as listing
from connector.services.reports.lead_list import lead_page, search
from connector.services.views import Asked
from connector.store import lead_list, ledger, scores
from connector.store.tables import events, leads, records
from tests.unit.web.site import PUBLIC_URL, Browser, Site, forms


def _tenant(site: Site) -> UUID:
    return site.tenant_of("101")


def _walk(site: Site, asked: Asked) -> list[int]:
    """All leads of a list, page by page."""
    found: list[int] = []
    after = None
    while True:
        page = lead_page(site.world.services, _tenant(site), asked, after=after)
        found += [row.lead_id for row in page.rows]
        after = page.following
        if after is None:
            return found


def _call(site: Site, lead: int, **keys: str | None) -> None:
    with site.world.services.store.transaction() as session:
        session.execute(sa.update(records).where(records.c.lead_id == lead).values(**keys))


def test_people_are_found_by_the_beginnings_of_their_names(live: Site) -> None:
    """First name, last name, company, in whatever case; a whole address; also those without a score."""
    everybody = _walk(live, Asked())
    zoe, ann = everybody[7], everybody[3]
    with live.world.services.store.reading() as session:
        address = session.execute(sa.select(records.c.email).where(records.c.lead_id == ann)).scalar_one()
        query = sa.select(leads.c.id).where(~leads.c.id.in_(everybody), leads.c.tenant_id == _tenant(live))
        unscored = session.execute(query.limit(1)).scalar_one()
    _call(live, zoe, name_key="zoë o'neil", surname_key="o'neil zoë", firm_key="rüben & co")
    _call(live, unscored, name_key="zoë zimmer", surname_key="zimmer zoë")

    def found(text: str) -> list[int]:
        told = search(live.world.services, _tenant(live), text)
        return [row.lead_id for row in told.rows] if told else []

    assert found("ZOË") == [zoe, unscored]
    assert found("o'NEIL  Z") == [zoe]
    assert found("Rüben") == [zoe]
    assert found("neil") == []
    assert found("zo%") == []
    assert found(f" {address.upper()} ") == [ann]
    assert found("  ") == []
    text = live.as_a(Role.VIEWER, _tenant(live)).press("/leads", "/leads/search", text="zoë").text
    assert "not among those that are scored" in text
    assert "2 found" in text


def test_what_a_sync_read_is_found(live: Site) -> None:
    """Every record has the keys that its fields make: none, in an account whose fields hold no names."""
    with live.world.services.store.reading() as session:
        assert session.execute(sa.select(sa.func.count(records.c.name_key))).scalar_one() == 0


def test_a_search_that_fits_many_says_so(live: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best are shown; more of the name shows others."""
    monkeypatch.setattr(lead_list, "MOST_FOUND", 3)
    for lead in _walk(live, Asked())[:5]:
        _call(live, lead, name_key=f"kim {lead}")
    told = search(live.world.services, _tenant(live), "kim")
    assert told
    assert (len(told.rows), told.more) == (3, True)


@pytest.mark.parametrize("lowest_first", [False, True])
@pytest.mark.parametrize("window", [41, 10_000])
def test_a_filter_finds_the_same_whatever_one_look_passes(
    scored: Site, monkeypatch: pytest.MonkeyPatch, lowest_first: bool, window: int
) -> None:
    """Each lead that did something lately once, in the order of the list, across looks that end anywhere."""
    monkeypatch.setattr(lead_list, "WINDOW", window)
    services, days = scored.world.services, 30
    with services.store.reading() as session:
        since = services.clock.now() - timedelta(days=days)
        acted = sa.select(records.c.lead_id).join(events, events.c.record_id == records.c.id)
        expected = set(session.execute(acted.where(events.c.at >= since, events.c.actor == "lead")).scalars())
        ranked = scores.tiers(session, _tenant(scored))
    whole = _walk(scored, Asked(lowest_first=lowest_first))
    assert set(whole) == set(ranked)
    found = _walk(scored, Asked(days=days, lowest_first=lowest_first))
    assert found == [lead for lead in whole if lead in expected]
    assert 0 < len(found) < len(whole)
    account = scored.connection("101").id
    assert _walk(scored, Asked(tier=Tier.MEDIUM, account=account, lowest_first=lowest_first)) == [
        lead for lead in whole if ranked[lead] == Tier.MEDIUM
    ]
    assert _walk(scored, Asked(account=UUID(int=1))) == []


@pytest.mark.parametrize("lowest_first", [False, True])
@pytest.mark.parametrize(("most", "window"), [(10_000, 2_000), (1, 41), (1, 10_000)])
def test_an_owners_leads_are_found_however_many_they_are(
    live: Site, monkeypatch: pytest.MonkeyPatch, lowest_first: bool, most: int, window: int
) -> None:
    """By their index or along the list: each once, in its order, of that account alone, and no archived record's."""
    monkeypatch.setattr(lead_list, "MOST_OWNED", most)
    monkeypatch.setattr(lead_list, "WINDOW", window)
    account, whole = live.connection("101").id, _walk(live, Asked(lowest_first=lowest_first))
    mine = [lead for place, lead in enumerate(whole) if place % 2]
    gone = mine.pop()
    for lead in [*mine, gone]:
        _call(live, lead, owner_key="77")
    with live.world.services.store.transaction() as session:
        session.execute(sa.update(records).where(records.c.lead_id == gone).values(removed_at=live.world.clock.now()))
    assert len(mine) > listing.PAGE_SIZE
    assert _walk(live, Asked(owner=(account, "77"), lowest_first=lowest_first)) == mine
    assert _walk(live, Asked(owner=(account, "7"), lowest_first=lowest_first)) == []
    assert _walk(live, Asked(owner=(UUID(int=1), "77"), lowest_first=lowest_first)) == []
    tier = {lead.lead_id: lead.tier for lead in _rows(live, mine)}
    some = [lead for lead in mine if tier[lead] == Tier.MEDIUM]
    assert some
    assert _walk(live, Asked(tier=Tier.MEDIUM, owner=(account, "77"), lowest_first=lowest_first)) == some


def _rows(site: Site, chosen: list[int]) -> list[listing.LeadRow]:
    with site.world.services.store.reading() as session:
        found = lead_list.best_of(session, _tenant(site), chosen, len(chosen))
        return list(listing.lead_rows(site.world.services, session, _tenant(site), found))


def test_owners_are_offered_shown_kept_and_taken_out(live: Site) -> None:
    """By their account's ids; a view, a file and what is done with several leads keep to the filter."""
    account, some = live.connection("101"), _walk(live, Asked())[3:6]
    boss = live.as_a(Role.ADMIN, _tenant(live), "Bea")
    assert 'name="owner"' not in boss.get("/leads").text
    assert ">Owner</th>" not in boss.get("/leads").text
    for lead, owner in zip(some, ("12", "12", "<b>9"), strict=True):
        _call(live, lead, owner_key=owner)
    asked = f"/leads?owner={account.id}~12"
    text = boss.get(asked).text
    assert [f'value="{account.id}~{name}"' in text for name in ("12", "&lt;b&gt;9", "<b>9")] == [True, True, False]
    assert f"12 in Fake CRM: {account.account_name}" in text
    assert text.count('class="owner"') == 2
    boss.press(asked, "/leads/views", name="Ann's")
    assert f'href="/leads?owner={account.id}~12" aria-current="page"' in boss.get(asked).text
    lines = boss.press(asked, "/leads/scores.csv").text.splitlines()
    assert [int(line.partition(",")[0]) for line in lines[1:]] == sorted(some[:2])
    answer = _post(boss, "/leads/rated", lead=[str(some[0])], thumb="down:other", owner=f"{account.id}~12")
    assert f"owner={account.id}~12" in answer.location
    with live.world.services.store.reading() as session:
        (told,) = [body for body in _acts(session, live) if body["action"] == "took scores out as a file"]
    assert (told["owner"], told["connection"]) == ("12", str(account.id))


def _acts(session: Connection, site: Site) -> list[Mapping[str, Any]]:
    return [entry.body for entry in ledger.span(session, _tenant(site), "admin") if entry.body]


def test_owners_are_counted_up_to_a_bound(live: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the order of their ids, each once."""
    account, some = live.connection("101").id, _walk(live, Asked())[:6]
    for lead, owner in zip(some, "cabbca", strict=True):
        _call(live, lead, owner_key=owner)
    with live.world.services.store.reading() as session:
        assert lead_list.owners(session, _tenant(live), [account]) == [(account, key) for key in "abc"]
        assert lead_list.owners(session, _tenant(live), [UUID(int=1)]) == []
        monkeypatch.setattr(lead_list, "MOST_OWNERS", 2)
        assert lead_list.owners(session, _tenant(live), [account]) == [(account, key) for key in "ab"]


def test_a_company_is_found_by_its_domain(live: Site) -> None:
    """All its scored leads and no others."""
    mine = _walk(live, Asked())[5:8]
    with live.world.services.store.transaction() as session:
        session.execute(sa.update(leads).where(leads.c.id.in_(mine)).values(company_key="firm.org"))
    assert _walk(live, views.read({"company": " Firm.ORG "})) == mine


def test_views_are_ones_own(live: Site) -> None:
    """Kept, shown first, replaced by name, removed; nobody else sees them."""
    ann, bob = (live.as_a(Role.VIEWER, _tenant(live), name) for name in ("Ann", "Bob"))
    asked = "/leads?tier=High-Intent&acted=7"
    ann.press(asked, "/leads/views", name="  Hot   this week ")
    text = ann.get(asked).text
    assert ">Hot this week</a>" in text
    assert "Hot this week" not in bob.get(asked).text
    (remove,) = [action for action in forms(text) if action.endswith("/remove")]
    assert _post(bob, remove).status_code == 404
    ann.press(asked, remove)
    assert "Hot this week" not in ann.get(asked).text
    assert "1 to 60 characters" in _after(ann, ann.press(asked, "/leads/views", name=" "))


def _post(browser: Browser, action: str, **more: object) -> TestResponse:
    token = forms(browser.get("/leads").text)["/sign-out"]
    return browser.client.post(
        action, data={**token, **more}, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL + "/leads"}
    )


def _after(browser: Browser, answer: TestResponse) -> str:
    return browser.get(answer.location).text


def _tick(browser: Browser, chosen: list[int], act: str, **more: str) -> str:
    return _after(browser, _post(browser, f"/leads/{act}", lead=[str(lead) for lead in chosen], **more))


def test_several_leads_at_once(live: Site) -> None:
    """Left out, rated and scored anew as each alone is; without a tick nothing happens."""
    boss = live.as_a(Role.ADMIN, _tenant(live))
    some = _walk(live, Asked())[:3]
    assert "Kept of 3 scores" in _tick(boss, some, "rated", thumb="down:other")
    assert "None of these was kept" in _tick(boss, some, "rated", thumb="down:nothing")
    assert "3 are scored anew" in _tick(boss, some, "scored-anew")
    assert "2 left out" in _tick(boss, some[:2], "left-out", left_out="partner")
    assert _walk(live, Asked())[:1] == some[2:]
    for wrong in ([], [987_654_321]):
        assert "Choose 1 to 100 leads" in _tick(boss, wrong, "left-out", left_out="partner")


def test_scoring_anew_is_on_the_record_and_so_is_who_wanted_it(live: Site) -> None:
    """The act says whom it was about, and the entries of the new scores name the same user."""
    boss, tenant = live.as_a(Role.ADMIN, _tenant(live), "Boss"), _tenant(live)
    some = _walk(live, Asked())[:2]
    live.world.clock.sleep(3600)
    _tick(boss, some, "scored-anew")
    live.world.work()
    with live.world.services.store.reading() as session:
        act = ledger.span(session, tenant, "admin")[-1].body
        newest = [ledger.newest(session, tenant, "scored", lead, None) for lead in some]
    assert act
    assert act["by"].startswith("Boss (user ")
    assert (act["action"], act["leads"]) == ("had leads scored anew", sorted(some))
    assert [entry.body["requester"] for entry in newest if entry and entry.body] == [act["by"]] * 2
    assert "(Boss)" in boss.get(f"/leads/{some[0]}").text


def test_acts_ask_for_the_role_of_the_act(live: Site) -> None:
    """A viewer rates, and neither leaves out, nor scores, nor takes files out."""
    viewer, some = live.as_a(Role.VIEWER, _tenant(live)), _walk(live, Asked())[:1]
    for act, status in (("rated", 302), ("left-out", 403), ("scored-anew", 403)):
        data = {"lead": str(some[0]), "left_out": "other", "thumb": "up:other"}
        assert _post(viewer, f"/leads/{act}", **data).status_code == status
    assert "/leads/scores.csv" not in forms(viewer.get("/leads").text)


def test_scores_are_taken_out_on_the_record(live: Site) -> None:
    """All, or those of the tier that is shown."""
    answer = live.as_a(Role.ANALYST, _tenant(live)).press("/leads?tier=Low", "/leads/scores.csv")
    lines = answer.text.splitlines()
    assert lines[0].startswith("lead_id,score,")
    assert len(lines) - 1 == len(_walk(live, Asked(tier=Tier.LOW)))


def test_a_number_that_is_not_counted_to_its_end_says_so(scored: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tabs count to a bound."""
    monkeypatch.setattr(lead_list, "MOST_COUNTED", 40)
    page = lead_page(scored.world.services, _tenant(scored))
    told = {tier: page.told([count]) for tier, count in page.counts.items()}
    assert told[Tier.LOW] == "40+"
    assert page.told(list(page.counts.values())) == "40+"
    assert page.told([40]) == "40"


def test_accounts_are_called_by_their_crm(alice: Browser) -> None:
    """Customers call their accounts alike in all CRMs."""
    assert ">Fake CRM: Alpha Ltd</option>" in alice.get("/leads").text


@pytest.mark.parametrize(
    "query", ["owner=7", "owner=7~7", f"owner={UUID(int=1)}~", "acted=2", "account=7", "order=best", "company=a%00b"]
)
def test_a_list_that_means_nothing_is_not_there(alice: Browser, query: str) -> None:
    """As with tiers and places."""
    assert alice.get(f"/leads?{query}").status_code == 404
    assert listing.PAGE_SIZE == 50
