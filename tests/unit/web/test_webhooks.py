"""What vendors push: verified, kept, answered at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from connector.adapters.contract import Delivery
from connector.services import hook_secrets
from connector.services.opening import open_adapter
from connector.store import runs
from connector.store.tables import inbox
from tests.fakecrm import FakeApp
from tests.unit.web.site import PUBLIC_URL, Site
from tests.world import KEY, NEWER_KEY

GOOD = {"X-Fake-Signature": "good"}


@pytest.fixture
def installed(fresh: Site) -> Site:
    """Account 101 is installed and its first run is over."""
    fresh.signed_in()
    with fresh.world.services.store.transaction() as session:
        run = runs.latest(session, fresh.tenant_of("101"))
        assert run
        runs.finish(session, run.id, fresh.world.clock.now())
    fresh.world.woken.clear()
    return fresh


def push(site: Site, body: bytes, headers: Mapping[str, str] = GOOD, path: str = "/webhooks/fakecrm") -> TestResponse:
    # Another host than the public one, as behind a proxy.
    return site.app.test_client().post(path, data=body, headers=headers, base_url="http://10.0.0.5:8000")


def kept(site: Site) -> int:
    with site.world.services.store.reading() as session:
        return session.execute(sa.select(sa.func.count()).select_from(inbox)).scalar_one()


def test_a_signed_hint_is_kept_and_starts_a_refresh(installed: Site) -> None:
    """The vendor gets an empty 204; the hint is a row, and a worker was woken."""
    answer = push(installed, b"101:1001")
    assert (answer.status_code, answer.data) == (204, b"")
    assert kept(installed) == 1
    assert len(installed.world.woken) == 1


def test_the_same_hint_again_changes_nothing(installed: Site) -> None:
    """Vendors deliver more than once: same answer, no second row, no second run."""
    for _ in range(3):
        assert push(installed, b"101:1001").status_code == 204
    assert kept(installed) == 1
    assert len(installed.world.woken) == 1


def test_a_hint_for_an_unknown_account_is_passed_over(installed: Site) -> None:
    """It is answered, so that the vendor does not retry, and nothing is stored."""
    assert push(installed, b"999:1").status_code == 204
    assert kept(installed) == 0


@pytest.mark.parametrize("headers", [{}, {"X-Fake-Signature": "forged"}])
def test_what_was_not_signed_is_refused_as_json(installed: Site, headers: dict[str, str]) -> None:
    """401, the reason for the sender, nothing kept, nobody woken."""
    answer = push(installed, b"101:1001", headers)
    assert answer.status_code == 401
    assert answer.get_json() == {"error": "The signature does not match."}
    assert kept(installed) == 0
    assert installed.world.woken == []


def test_an_unknown_vendor_is_not_there(installed: Site) -> None:
    """404 as JSON, also for a method that is not taken."""
    answer = push(installed, b"101:1001", path="/webhooks/nocrm")
    assert answer.status_code == 404
    assert "error" in answer.get_json()
    assert installed.app.test_client().get("/webhooks/fakecrm").get_json() == {
        "error": "That is not how this page is used"
    }


def test_too_large_a_body_is_refused(installed: Site) -> None:
    """Above one mebibyte nothing is read."""
    answer = push(installed, b"x" * (1024 * 1024 + 1))
    assert answer.status_code == 413
    assert answer.get_json() == {"error": "Too much at once"}


def test_the_signature_is_checked_over_the_public_address_and_the_raw_body(
    installed: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy the vendor signed the public address, its query as sent, and these very bytes."""
    seen = []

    def note(_self: FakeApp, delivery: Delivery, now: datetime) -> None:
        seen.append((delivery.method, delivery.url, delivery.body))

    monkeypatch.setattr(FakeApp, "verify_webhook", note)
    push(installed, b"101:1001", path="/webhooks/fakecrm?a=1&b=%20x")
    assert seen == [("POST", f"{PUBLIC_URL}/webhooks/fakecrm?a=1&b=%20x", b"101:1001")]


@pytest.fixture
def hooked(installed: Site) -> tuple[Site, str]:
    """An account whose vendor was told to push to an address of its own; the path of that address."""
    adapter = open_adapter(installed.world.services, installed.connection("101").id)
    hook_secrets.subscribe(installed.world.services, installed.connection("101").id, adapter)
    (address,) = installed.world.crm.hooks
    return installed, address.removeprefix(PUBLIC_URL)


def test_an_address_of_its_own_takes_what_its_hook_signed(hooked: tuple[Site, str]) -> None:
    """The vendor's look is answered, its delivery is checked with the secret that the hook was given."""
    made, path = hooked
    assert made.app.test_client().get(path, base_url=PUBLIC_URL).status_code == 200
    assert push(made, b"101:1001", {"X-Fake-Signature": "signing-1"}, path).status_code == 204
    assert kept(made) == 1
    assert push(made, b"101:1002", GOOD, path).status_code == 401
    assert kept(made) == 1


def test_subscribing_again_makes_no_second_hook(hooked: tuple[Site, str]) -> None:
    """Each first run asks; the secret of the first time stays good."""
    made, path = hooked
    adapter = open_adapter(made.world.services, made.connection("101").id)
    hook_secrets.subscribe(made.world.services, made.connection("101").id, adapter)
    assert len(made.world.crm.hooks) == 1
    assert push(made, b"101:1001", {"X-Fake-Signature": "signing-1"}, path).status_code == 204


@pytest.mark.parametrize("change", ["vendor", "mark", "account", "junk"])
def test_an_address_that_was_never_given_is_refused(hooked: tuple[Site, str], change: str) -> None:
    """Neither a guessed end nor another connection's id nor another vendor's path is listened to."""
    made, path = hooked
    key = path.rpartition("/")[2]
    wrong = {
        "vendor": path.replace("fakecrm", "othercrm"),
        "mark": path[:-1] + ("0" if path[-1] != "0" else "1"),
        "account": path.replace(key[:32], uuid4().hex),
        "junk": "/webhooks/fakecrm/zzz",
    }[change]
    assert made.app.test_client().get(wrong, base_url=PUBLIC_URL).status_code == 401
    assert push(made, b"101:1001", {"X-Fake-Signature": "signing-1"}, wrong).status_code == 401
    assert kept(made) == 0


def test_what_an_admin_enters_in_the_crm_is_on_the_page_and_is_what_counts(fresh: Site) -> None:
    """Address and secret of the connection; another connection's secret opens nothing."""
    browser = fresh.browser()
    page = browser.come_back("othercrm", state=browser.begin("othercrm"), code="code-3").location
    connection, hooks = fresh.connection("303", "othercrm"), fresh.world.services.hooks
    secret = hooks.signing_secret(connection.id)
    text = browser.get(page).text
    assert hooks.of("othercrm", connection.id) in text
    assert secret in text
    path = hooks.of("othercrm", connection.id).removeprefix(PUBLIC_URL)
    assert push(fresh, b"303:1", {"X-Fake-Signature": secret}, path).status_code == 204
    assert kept(fresh) == 1
    other = hooks.signing_secret(uuid4())
    assert push(fresh, b"303:2", {"X-Fake-Signature": other}, path).status_code == 401
    assert push(fresh, b"303:2", GOOD, path).status_code == 401


def test_no_secret_is_shown_where_the_crm_has_its_own(installed: Site) -> None:
    """Such a CRM tells what it signs with."""
    hooks, connection = installed.world.services.hooks, installed.connection("101")
    browser = installed.signed_in()
    assert hooks.signing_secret(connection.id) not in browser.get(browser.get("/").location).text


def test_an_address_of_an_older_key_is_listened_to_while_that_key_is_kept(hooked: tuple[Site, str]) -> None:
    """What is made from now on is the newer key's; a mark of neither is nobody's."""
    made, path = hooked
    connection = made.connection("101")
    made.use_keys(NEWER_KEY, KEY)
    newer = made.world.services.hooks.of("fakecrm", connection.id).removeprefix(PUBLIC_URL)
    assert newer != path
    signed = {"X-Fake-Signature": "signing-1"}
    assert push(made, b"101:1001", signed, path).status_code == 204
    assert push(made, b"101:1002", signed, newer).status_code == 204
    wrong = path[:-1] + ("0" if path[-1] != "0" else "1")
    assert push(made, b"101:1003", signed, wrong).status_code == 401
    assert kept(made) == 2
    made.use_keys(NEWER_KEY)
    assert push(made, b"101:1003", signed, path).status_code == 401
    assert push(made, b"101:1003", signed, newer).status_code == 204


def test_the_next_training_leads_a_hook_to_the_address_of_the_newer_key(hooked: tuple[Site, str]) -> None:
    """So that the older key can go: the hook is still the one whose secret is kept."""
    made, path = hooked
    connection = made.connection("101")
    made.use_keys(NEWER_KEY, KEY)
    hook_secrets.subscribe(made.world.services, connection.id, open_adapter(made.world.services, connection.id))
    (address,) = made.world.crm.hooks
    assert address.removeprefix(PUBLIC_URL) != path
    made.use_keys(NEWER_KEY)
    moved = address.removeprefix(PUBLIC_URL)
    assert push(made, b"101:1001", {"X-Fake-Signature": "signing-1"}, moved).status_code == 204


def test_a_secret_of_an_older_key_signs_while_that_key_is_kept(fresh: Site) -> None:
    """The page shows that of the newer one, which counts as well."""
    browser = fresh.browser()
    page = browser.come_back("othercrm", state=browser.begin("othercrm"), code="code-3").location
    connection, hooks = fresh.connection("303", "othercrm"), fresh.world.services.hooks
    secret, path = hooks.signing_secret(connection.id), hooks.of("othercrm", connection.id).removeprefix(PUBLIC_URL)
    fresh.use_keys(NEWER_KEY, KEY)
    browser.client.application = fresh.app
    newer = fresh.world.services.hooks.signing_secret(connection.id)
    text = browser.get(page).text
    assert newer in text
    assert secret not in text
    for number, one in enumerate((secret, newer)):
        assert push(fresh, f"303:{number}".encode(), {"X-Fake-Signature": one}, path).status_code == 204
    fresh.use_keys(NEWER_KEY)
    path = fresh.world.services.hooks.of("othercrm", connection.id).removeprefix(PUBLIC_URL)
    assert push(fresh, b"303:2", {"X-Fake-Signature": secret}, path).status_code == 401
