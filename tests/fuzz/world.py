"""The application under attack, and the oracle: what no request whatever may bring about."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connector.adapters import registry
from connector.adapters.contract import AppCredentials
from connector.app import create_app
from connector.records import Account
from connector.services import install
from connector.services.tracking import sites
from connector.store import connections
from connector.store.tables import inbox, invitations, tracked_events, users
from connector.store.tables import sites as site_table
from connector.store.tables import visitors as visitor_table
from tests import databases
from tests.fuzz.requests import Call, Target, make
from tests.unit.web.site import PUBLIC_URL, Site, settings, site

VENDORS = ("hubspot", "salesforce", "mailchimp")
SECRET = "client-secret"
ACCOUNTS = {"hubspot": "4711", "salesforce": "00D5e000000AbCdEAK", "mailchimp": "mc1"}
LONGEST_KEY = 2_700
"""Bytes of a text that PostgreSQL takes into an index."""

TYPES = (
    "text/html",
    "application/json",
    "application/problem+json",
    "image/svg+xml",
    "text/markdown",
    "text/javascript",
    "text/css",
    "",
)


class Broken(AssertionError):
    """A request brought about what none may."""


@dataclass
class Attacked:
    """The application with an account of each vendor, and a client that keeps no cookies."""

    site: Site
    client: FlaskClient
    target: Target
    cookie: str
    token: str

    def send(self, call: Call) -> TestResponse:
        """Send a request as it is, and check the answer; raises :class:`Broken`."""
        headers = dict(call.headers)
        if call.signed_in or "/callback" in call.path:
            headers.setdefault("Cookie", self.cookie)
        body = call.body
        if call.method == "POST" and call.signed_in:
            headers["Referer"] = PUBLIC_URL
            body = body + b"&csrf_token=" + self.token.encode()
        path, _, query = call.path.partition("?")
        answer = self.client.open(
            path, query_string=query, method=call.method, headers=headers, data=body, base_url=PUBLIC_URL
        )
        judge(answer)
        return answer


def judge(answer: TestResponse) -> None:
    """Raise :class:`Broken` unless an answer is one of those that the product gives on purpose."""
    if answer.status_code >= 500:
        raise Broken(f"answered {answer.status_code}")
    if answer.mimetype not in TYPES:
        raise Broken(f"answered with the type {answer.mimetype}")
    if "default-src 'none'" not in answer.headers.get("Content-Security-Policy", ""):
        raise Broken("answered without its policy")
    if answer.mimetype.endswith("json") and answer.data:
        json.loads(answer.data)
    for name, value in answer.headers:
        if "evil" in name.lower() or "\n" in value or "\r" in value:
            raise Broken("let a request write a header")


def look_through(made: Site) -> None:
    """Raise :class:`Broken` where a text was kept that not every database takes, or that no index does."""
    with made.world.services.store.reading() as session:
        for table in (inbox, tracked_events, visitor_table, site_table, invitations, users):
            for row in session.execute(sa.select(table)).mappings():
                for column in table.c:
                    _storable(table, column, row[column.name])


def _storable(table: sa.Table, column: sa.Column[object], value: object) -> None:
    if not isinstance(value, str):
        return
    where = f"{table.name}.{column.name}"
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise Broken(f"{where} was given a text that PostgreSQL refuses")
    unique = [one for one in table.constraints if isinstance(one, sa.UniqueConstraint)]
    indexed = column.primary_key or any(column.name in one.columns for one in unique)
    if indexed and len(value.encode()) > LONGEST_KEY:
        raise Broken(f"{where} was given {len(value.encode())} bytes, more than an index takes")


@contextmanager
def attacked(folder: Path) -> Iterator[Attacked]:
    """Build the application over a new SQLite store."""
    folder.mkdir(parents=True, exist_ok=True)
    store = databases.sqlite_store(folder / "fuzz.db")
    try:
        yield built(site(store))
    finally:
        store.close()
        shutil.rmtree(folder)


def built(made: Site) -> Attacked:
    """Put real apps of the three vendors, and an account of each, beside the made-up one."""
    services = made.world.services
    apps = dict(services.apps)
    for vendor in VENDORS:
        back, push = f"{PUBLIC_URL}/oauth/{vendor}/callback", f"{PUBLIC_URL}/webhooks/{vendor}"
        apps[vendor] = registry.build(vendor, AppCredentials("client-id", SECRET, None, None, back, push))
    made.world.services = services = replace(services, apps=apps)
    made = Site(made.world, create_app(services, settings()))
    owner = made.signed_in()
    made.world.work(1)
    tenant = made.tenant_of("101")
    held: dict[str, str] = {}
    with services.store.transaction() as session:
        for vendor in VENDORS:
            account = Account(ACCOUNTS[vendor], vendor, "https://app.example", "UTC")
            connection_id = connections.add(session, tenant, vendor, account, services.clock.now())
            held[vendor] = services.hooks.of(vendor, connection_id).removeprefix(PUBLIC_URL)
            if vendor == "salesforce":
                secret = services.hooks.signing_secret(connection_id)
            if vendor == "mailchimp":
                owner_of = {"tenant_id": str(tenant), "connection_id": str(connection_id)}
                sealed = services.cipher.encrypt(json.dumps(["hook-secret"]), **owner_of)
                connections.save_hook_secrets(session, connection_id, sealed)
    shop = sites.add(services, tenant, "Shop", ["https://shop.example.com"])
    browser = str(owner.session()["browser"])

    def state() -> str:
        return parse_qs(urlsplit(install.begin(services, "fakecrm", browser, None)).query)["state"][0]

    target = Target(
        PUBLIC_URL,
        SECRET,
        held,
        {"salesforce": secret, "mailchimp": "hook-secret"},
        shop.site.key,
        shop.secret,
        "https://shop.example.com",
        state,
        str(made.connection("101").id),
        (1, 2),
    )
    cookie = owner.client.get_cookie("__Host-connector", domain="scores.example.com")
    assert cookie
    token = owner.get("/access").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    client = made.app.test_client(use_cookies=False)
    return Attacked(made, client, target, f"{cookie.key}={cookie.value}", token)


def strike(at: Attacked, chance: random.Random) -> Call:
    """Make and send one request; raises :class:`Broken` with the request."""
    call = make(chance, at.target)
    try:
        at.send(call)
    except Broken as broken:
        raise Broken(f"{call.method} {call.path[:200]} {call.headers} {call.body[:300]!r}: {broken}") from None
    return call
