"""Installation and sign-in by the CRM's own OAuth."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.errors import NeedsAdmin, RetryLater
from connector.records import Grant
from connector.store import connections as held
from connector.store import records
from connector.store.connections import Health
from connector.store.tables import connections, installs, intents, runs, tenants
from tests.fakecrm import FakeApp
from tests.unit.web.site import Browser, Site, forms, settings


def stored(site: Site) -> dict[str, int]:
    """What an installation leaves behind: rows of each table."""
    with site.world.services.store.reading() as session:
        return {
            table.name: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (tenants, connections, runs, intents)
        }


def refused(site: Site, browser: Browser, vendor: str = "fakecrm", **query: str) -> str:
    """Come back with a wrong query; return the page that says so."""
    before = stored(site)
    answer = browser.come_back(vendor, **query)
    assert 400 <= answer.status_code < 500
    assert stored(site) == before
    assert browser.get("/leads").status_code == 302
    return answer.text


def test_the_start_page_has_a_button_and_the_reasons_for_each_scope(fresh: Site) -> None:
    """Each configured CRM can be connected, and each scope is explained."""
    page = fresh.browser().get("/")
    assert page.status_code == 200
    assert "Connect Fake CRM" in page.text
    assert "read contacts and write scores" in page.text
    assert "<code>contacts</code>" in page.text


def test_an_installation_signs_in_and_starts_the_first_run(fresh: Site) -> None:
    """The browser ends on the connection's page, one run waits, and its worker was woken."""
    browser = fresh.browser()
    page = browser.install()
    assert page.startswith("/connections/")
    assert "Alpha Ltd" in browser.get(page).text
    assert browser.get("/").location == page
    assert stored(fresh) == {"tenants": 1, "connections": 1, "runs": 1, "intents": 1}
    assert [queue for queue, _ in fresh.world.woken] == ["sync"]


def test_signing_in_makes_a_new_session(fresh: Site) -> None:
    """Neither the browser id nor the form token from before sign-in is good afterwards."""
    browser = fresh.browser()
    state = browser.begin()
    before = browser.session()
    browser.come_back(state=state, code="code-1")
    after = browser.session()
    assert before["browser"] != after["browser"]
    assert before["csrf_token"] != after.get("csrf_token")


def test_signing_in_again_finds_the_same_tenant(fresh: Site) -> None:
    """A reinstall from another browser is a sign-in, not a second organisation nor a second first run."""
    first = fresh.signed_in().get("/").location
    before = stored(fresh)
    assert fresh.signed_in().get("/").location == first
    assert stored(fresh) == before


def test_a_signed_in_tenant_adds_an_account(fresh: Site) -> None:
    """Connecting while signed in attaches the account to the same organisation."""
    browser = fresh.browser()
    page = browser.install()
    browser.come_back(state=browser.begin(page=page), code="code-2")
    assert fresh.tenant_of("101") == fresh.tenant_of("202")
    assert "Beta GmbH" in browser.get(page).text


def test_an_account_of_another_organisation_is_not_taken_over(fresh: Site) -> None:
    """Signed in as one tenant, the account of another is refused with the reason."""
    fresh.signed_in("code-2")
    browser = fresh.browser()
    page = browser.install("code-1")
    answer = browser.come_back(state=browser.begin(page=page), code="code-2")
    assert answer.status_code == 400
    assert "another organisation" in answer.text
    assert fresh.tenant_of("101") != fresh.tenant_of("202")


@pytest.mark.parametrize("query", [{"code": "code-1", "state": ""}, {"state": "any"}, {"code": ""}, {}])
def test_an_incomplete_answer_is_refused(fresh: Site, query: dict[str, str]) -> None:
    """Without state or code nothing is stored."""
    browser = fresh.browser()
    browser.begin()
    assert "incomplete" in refused(fresh, browser, **query)


def test_an_installation_begun_on_the_marketplace_is_finished_from_a_page(fresh: Site) -> None:
    """A code without a state is not used; one button leads through the consent with a state of this browser's own."""
    used: list[str] = []

    class Watched(FakeApp):
        def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
            used.append(code)
            return super().exchange_code(code, code_verifier, now, login)

    watched = Watched({"code-1": fresh.world.crm})
    fresh.world.services = replace(fresh.world.services, apps={"fakecrm": watched})
    fresh.app = create_app(fresh.world.services, settings())
    browser, before = fresh.browser(), stored(fresh)
    answer = browser.come_back(code="foreign")
    assert answer.status_code == 200
    assert list(forms(answer.text)) == ["/oauth/fakecrm/start"]
    assert "Finish connecting Fake CRM" in answer.text
    assert (used, stored(fresh)) == ([], before)
    assert browser.get("/leads").status_code == 302
    state = browser.begin(page="/oauth/fakecrm/callback?code=foreign")
    assert browser.come_back(state=state, code="code-1").location.startswith("/connections/")
    assert (used, stored(fresh)["connections"]) == (["code-1"], 1)


def test_who_is_signed_in_adds_the_account_that_was_begun_on_the_marketplace(fresh: Site) -> None:
    """Finished from the page, it is attached to the organisation as any other."""
    browser = fresh.signed_in()
    state = browser.begin(page="/oauth/fakecrm/callback?code=foreign")
    browser.come_back(state=state, code="code-2")
    assert fresh.tenant_of("101") == fresh.tenant_of("202")


def test_a_forged_state_is_refused(fresh: Site) -> None:
    """A state that was never handed out opens nothing."""
    browser = fresh.browser()
    browser.begin()
    assert "used already" in refused(fresh, browser, state="forged", code="code-1")


def test_a_state_works_once(fresh: Site) -> None:
    """The second use of a state is refused, also after a success."""
    browser = fresh.browser()
    state = browser.begin()
    assert browser.come_back(state=state, code="code-1").status_code == 302
    before = stored(fresh)
    assert browser.come_back(state=state, code="code-1").status_code == 400
    assert stored(fresh) == before


def test_a_spent_state_keeps_no_secret(fresh: Site) -> None:
    """The proof of who began, and where they signed in, are good for nothing afterwards."""
    browser = fresh.browser()
    started = browser.press("/", "/oauth/othercrm/start", own_login="gamma.my.other.example")
    state = parse_qs(urlsplit(started.location).query)["state"][0]
    query = sa.select(installs.c.code_verifier, installs.c.login)
    with fresh.world.services.store.reading() as session:
        verifier, login = session.execute(query).one()
    assert verifier
    assert login == "gamma.my.other.example"
    assert browser.come_back("othercrm", state=state, code="code-3").status_code == 302
    with fresh.world.services.store.reading() as session:
        assert session.execute(query).one() == (None, None)


def test_a_state_expires(fresh: Site) -> None:
    """After a quarter of an hour the installation must be started anew."""
    browser = fresh.browser()
    state = browser.begin()
    fresh.world.clock.at += timedelta(minutes=16)
    assert "has expired" in refused(fresh, browser, state=state, code="code-1")


def test_a_state_belongs_to_one_browser(fresh: Site) -> None:
    """Another browser can't finish what this one began, with or without a session of its own."""
    state = fresh.browser().begin()
    stranger, blank = fresh.browser(), fresh.browser()
    stranger.begin()
    refused(fresh, stranger, state=state, code="code-1")
    refused(fresh, blank, state=state, code="code-1")


def test_a_state_belongs_to_one_vendor(fresh: Site) -> None:
    """A state handed out for one CRM is worth nothing at another's callback."""
    browser = fresh.browser()
    state = browser.begin("othercrm")
    refused(fresh, browser, state=state, code="code-1")


def test_refused_consent_has_a_page_of_its_own(fresh: Site) -> None:
    """Who says no reads that nothing was stored, and can begin again."""
    browser = fresh.browser()
    page = refused(fresh, browser, state=browser.begin(), error="access_denied")
    assert "Fake CRM was not connected" in page
    assert "nothing was stored" in page


def test_an_error_of_the_vendor_is_named_but_its_free_text_is_not_shown(fresh: Site) -> None:
    """Only the word of the standard is repeated: anyone can write the rest of the address."""
    browser = fresh.browser()
    told = {"error": "invalid_scope", "error_description": "call 0800 now"}
    page = refused(fresh, browser, state=browser.begin(), **told)
    assert "invalid_scope" in page
    assert "0800" not in page
    assert "call" not in refused(fresh, browser, state=browser.begin(), error="call 0800 now")


def test_a_code_that_the_vendor_refuses_stores_nothing(fresh: Site) -> None:
    """The vendor's "no" to the code is told to the person."""
    browser = fresh.browser()
    assert "authorisation code is not valid" in refused(fresh, browser, state=browser.begin(), code="code-9")


@pytest.mark.parametrize(
    ("trouble", "status"),
    [
        (RetryLater("The CRM is down.", after_seconds=7.2), 503),
        (NeedsAdmin("The client secret is wrong.", remedy="Correct it in the settings."), 409),
    ],
)
def test_trouble_at_the_vendor_is_explained(fresh: Site, trouble: Exception, status: int) -> None:
    """A CRM that is down or an app that is set up wrongly: the sentence is shown, nothing is stored."""

    class Troubled(FakeApp):
        def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
            raise trouble

    fresh.world.services = replace(fresh.world.services, apps={"fakecrm": Troubled({})})
    fresh.app = create_app(fresh.world.services, settings())
    browser = fresh.browser()
    answer = browser.come_back(state=browser.begin(), code="code-1")
    assert answer.status_code == status
    assert str(trouble) in answer.text
    assert answer.headers.get("Retry-After") == ("8" if status == 503 else None)
    assert stored(fresh)["tenants"] == 0


def test_a_vendor_that_is_not_set_up_is_not_there(fresh: Site) -> None:
    """Start and callback of an unknown vendor answer 404 with what must be set."""
    answer = fresh.browser().come_back("nocrm", state="x", code="y")
    assert answer.status_code == 404
    assert "CONNECTOR_CRM_NOCRM_CLIENT_ID" in answer.text


def test_signing_out_ends_the_session(fresh: Site) -> None:
    """Afterwards the pages ask to connect again."""
    browser = fresh.browser()
    page = browser.install()
    assert browser.press(page, "/sign-out").location == "/"
    assert browser.get(page).location == "/"


def test_a_session_of_a_tenant_that_is_gone_ends(fresh: Site) -> None:
    """When the organisation was deleted, the start page offers to connect."""
    browser = fresh.browser()
    browser.install()
    with fresh.world.services.store.transaction() as session:
        session.execute(sa.delete(tenants))
    assert "Connect Fake CRM" in browser.get("/").text


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ({}, "live.other.example"),
        ({"login": "trial"}, "trial.other.example"),
        ({"login": "live", "own_login": " gamma.my.other.example "}, "gamma.my.other.example"),
    ],
)
def test_one_chooses_where_to_sign_in(fresh: Site, typed: dict[str, str], host: str) -> None:
    """The first place, another of the vendor's, or the account's own domain."""
    answer = fresh.browser().press("/", "/oauth/othercrm/start", **typed)
    assert urlsplit(answer.location).hostname == host


def test_a_place_that_is_not_the_vendors_is_refused(fresh: Site) -> None:
    """Nobody is sent to a host of somebody else's choosing."""
    answer = fresh.browser().press("/", "/oauth/othercrm/start", own_login="my.other.example.evil.example")
    assert answer.status_code == 400
    assert "not a place of Other CRM" in answer.text


def test_the_accounts_own_host_is_kept_and_offered_again(fresh: Site) -> None:
    """Tokens go where the grant said; connecting again after a revocation starts at the same host."""
    browser = fresh.browser()
    started = browser.press("/", "/oauth/othercrm/start", own_login="gamma.my.other.example")
    state = parse_qs(urlsplit(started.location).query)["state"][0]
    page = browser.come_back("othercrm", state=state, code="code-3").location
    assert fresh.connection("303", "othercrm").api_origin == "https://gamma.my.other.example"
    with fresh.world.services.store.transaction() as session:
        held.set_health(session, fresh.connection("303", "othercrm").id, Health.DISCONNECTED)
    again = browser.press(page, "/oauth/othercrm/start")
    assert urlsplit(again.location).hostname == "gamma.my.other.example"


def test_accounts_added_before_the_first_stage_is_over_share_the_run(fresh: Site) -> None:
    """Two accounts connected one after the other are read together; a later one starts a run of its own."""
    browser = fresh.browser()
    page = browser.install()
    browser.come_back(state=browser.begin(page=page), code="code-2")
    assert runs_of(fresh) == 1
    fresh.world.work()
    with fresh.world.services.store.reading() as session:
        assert {item.status for item in held.of_tenant(session, fresh.tenant_of("101"))} == {Health.ACTIVE}
        counted = records.count_open(session, fresh.connection("202").id)
    assert counted == records_of(fresh, "101") > 0
    browser.come_back("othercrm", state=browser.begin("othercrm", page=page), code="code-3")
    assert runs_of(fresh) == 2


def runs_of(fresh: Site) -> int:
    """How many runs the tenant of account 101 has had."""
    with fresh.world.services.store.reading() as session:
        found = sa.select(sa.func.count()).select_from(runs).where(runs.c.tenant_id == fresh.tenant_of("101"))
        return session.execute(found).scalar_one()


def records_of(fresh: Site, account: str) -> int:
    """How many people were read from an account."""
    with fresh.world.services.store.reading() as session:
        return records.count_open(session, fresh.connection(account).id)
