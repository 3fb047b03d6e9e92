"""The pages over a world of tests, and browsers that use them as people do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connector.app import create_app
from connector.crypto import new_key
from connector.errors import RejectedInput
from connector.records import Account, Grant, Role
from connector.services.access import sessions
from connector.settings import Settings, load
from connector.store import connections, users
from connector.store.connections import CrmConnection
from connector.store.session import Store
from tests.fakecrm import FakeAccount, FakeApp
from tests.world import KEY, World, small_account, world

PUBLIC_URL = "https://scores.example.com"


class OtherApp(FakeApp):
    """A second vendor: sign-in at one of several places, a host for each account, webhooks entered by the admin."""

    name = "othercrm"
    capabilities = replace(
        FakeApp.capabilities,
        label="Other CRM",
        logins={"live": "Live", "trial": "Trial"},
        login_domain=".my.other.example",
        admin_webhook=True,
    )

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        login = login or "live"
        if login not in self.capabilities.logins and not login.endswith(self.capabilities.login_domain):
            raise RejectedInput(f"{login} is not a place of Other CRM.")
        host = f"{login}.other.example" if login in self.capabilities.logins else login
        return f"https://{host}/authorize?state={state}"

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        grant = super().exchange_code(code, code_verifier, now)
        host = f"https://{login}" if login and login.endswith(self.capabilities.login_domain) else None
        return replace(grant, account=replace(grant.account, api_origin=host))


def settings(public_url: str = PUBLIC_URL) -> Settings:
    """Settings as an operator would give them."""
    return load(
        {
            "CONNECTOR_SECRET_KEY": KEY,
            "CONNECTOR_ENCRYPTION_KEYS": new_key(),
            "CONNECTOR_PUBLIC_URL": public_url,
        }
    )


@dataclass
class Site:
    """The application, and the world behind it. Account 101 consents with code-1, account 202 with code-2."""

    world: World
    app: Flask

    def use_keys(self, *keys: str) -> None:
        """Start the pages anew with these secret keys, newest first, as an operator does."""
        self.world.use_keys(*keys)
        self.app = create_app(self.world.services, replace(settings(), secret_keys=keys))

    def browser(self) -> Browser:
        """A browser that was never here before."""
        return Browser(self.app.test_client())

    def signed_in(self, code: str = "code-1") -> Browser:
        """A browser whose owner has just installed an account."""
        browser = self.browser()
        browser.install(code)
        return browser

    def as_a(self, role: Role, tenant_id: UUID, name: str = "Ana") -> Browser:
        """A browser of somebody who has just come into a tenant with a role."""
        services, browser = self.world.services, self.browser()
        with services.store.transaction() as session:
            user = users.add(session, tenant_id, name, role, services.clock.now())
            token = sessions.begin(services, session, user, sessions.BY_CRM)
        with browser.client.session_transaction(base_url=PUBLIC_URL) as held:
            held["sign_in"], held["browser"] = token, name
        return browser

    def tenant_of(self, account_id: str, vendor: str = "fakecrm") -> UUID:
        """The tenant that owns an account."""
        return self.connection(account_id, vendor).tenant_id

    def connection(self, account_id: str, vendor: str = "fakecrm") -> CrmConnection:
        """The connection of an account."""
        with self.world.services.store.reading() as session:
            found = connections.find_by_account(session, vendor, account_id)
        assert found
        return found


def site(store: Store, people: int = 30, public_url: str = PUBLIC_URL) -> Site:
    """Wire the pages: two vendors, two accounts at the first."""
    made = world(store)
    made.crm = small_account(people)
    second = FakeAccount(Account("202", "Beta GmbH", "https://fake.example", "UTC"), made.crm.fields, made.crm.pages)
    third = FakeAccount(Account("303", "Gamma SA", "https://other.example", "UTC"), made.crm.fields, made.crm.pages)
    apps = {"fakecrm": FakeApp({"code-1": made.crm, "code-2": second}), "othercrm": OtherApp({"code-3": third})}
    made.services = replace(made.services, apps=apps)
    return Site(made, create_app(made.services, settings(public_url)))


class _Forms(HTMLParser):
    """The hidden fields of each form by its action."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            # Of two forms with one action a person presses the upper one.
            self._open = {}
            self.forms.setdefault(values.get("action") or "", self._open)
        elif tag == "input":
            self._open[values.get("name") or ""] = values.get("value") or ""


def forms(html: str) -> Mapping[str, Mapping[str, str]]:
    """Return action → hidden fields of a page's forms."""
    parser = _Forms()
    parser.feed(html)
    return parser.forms


@dataclass
class Browser:
    """A person's browser: keeps cookies, presses buttons that are on a page."""

    client: FlaskClient

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=PUBLIC_URL)

    def session(self) -> dict[str, object]:
        """What the session's cookie holds."""
        with self.client.session_transaction(base_url=PUBLIC_URL) as held:
            return dict(held)

    def press(self, page: str, action: str, **typed: str) -> TestResponse:
        """Submit the form with ``action`` that stands on ``page``, with some fields filled in."""
        fields = {**forms(self.get(page).text)[action], **typed}
        return self.client.post(action, data=fields, base_url=PUBLIC_URL, headers={"Referer": PUBLIC_URL + page})

    def begin(self, vendor: str = "fakecrm", page: str = "/") -> str:
        """Start an installation; return the state that went to the vendor."""
        answer = self.press(page, f"/oauth/{vendor}/start")
        assert answer.status_code == 302
        return parse_qs(urlsplit(answer.location).query)["state"][0]

    def come_back(self, vendor: str = "fakecrm", **query: str) -> TestResponse:
        """Arrive at the callback, as the vendor's consent page would send us."""
        return self.client.get(f"/oauth/{vendor}/callback", query_string=query, base_url=PUBLIC_URL)

    def install(self, code: str = "code-1") -> str:
        """Go through an installation; return the page where it ends."""
        answer = self.come_back(state=self.begin(), code=code)
        assert answer.status_code == 302
        return answer.location
