"""Cards inside a CRM ask over HTTP, signed as HubSpot's own proxy does; what it did not sign learns nothing.

One site serves all tests of this file: those that change something have a lead each, or take it back.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from werkzeug.serving import WSGIRequestHandler, make_server

from connector.adapters.contract import AppCredentials
from connector.adapters.hubspot.app import HubSpotApp
from connector.adapters.hubspot.values import milliseconds
from connector.adapters.hubspot.webhooks import signature
from connector.app import create_app
from connector.records import Tier
from connector.services import publication
from connector.services.feedback import excluding, overriding
from connector.services.publication import Choice
from connector.store import connections as connection_rows
from connector.store import feedback, ledger, outbox, scores
from connector.store.connections import Health
from connector.store.exclusions import Kind
from connector.store.tables import connections, records
from connector.store.tenants import Delivery, Overwritten
from tests.unit.web.copying import copy_of
from tests.unit.web.site import PUBLIC_URL, Site, settings
from tests.world import World

SECRET = "yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy"
ALICE, BOB = 101, 202
"""Portals of two tenants; only the first has scores."""


class _Quiet(WSGIRequestHandler):
    def log(self, *_: object) -> None:
        pass


@dataclass
class Portal:
    """The web process behind a port, and HubSpot's proxy in front of it."""

    site: Site
    port: int

    def fetch(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        portal: int = ALICE,
        query: str = "",
        at: timedelta = timedelta(0),
        secret: str = SECRET,
        sent: str = "",
        raw: bytes | None = None,
    ) -> tuple[int, dict[str, Any], Mapping[str, str]]:
        """Send what a card fetches, as HubSpot signs it; ``sent`` is the query that arrives in its place."""
        who = {"userId": 7, "portalId": portal, "userEmail": "rep@alpha.example", "appId": 99}
        address = f"/cards/hubspot{path}?{query}{urlencode(who)}"
        method = "GET" if body is None else "POST"
        content = b"" if body is None else json.dumps(body).encode()
        stamp = str(milliseconds(self.now + at))
        signed = signature(secret, method, PUBLIC_URL + address, content, stamp)
        headers = {"X-HubSpot-Signature-v3": signed, "X-HubSpot-Request-Timestamp": stamp}
        channel = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        arriving = f"/cards/hubspot{path}{sent}" if sent else address
        channel.request(method, arriving, raw or content, {**headers, "Content-Type": "application/json"})
        answer = channel.getresponse()
        found = json.loads(answer.read())
        channel.close()
        return answer.status, found, dict(answer.headers)

    @property
    def now(self) -> datetime:
        return self.site.world.clock.now()

    def record(self, place: int = 0) -> tuple[int, str]:
        """A scored lead and its record in the first portal."""
        query = sa.select(records.c.lead_id, records.c.vendor_id).where(records.c.connection_id == self.account.id)
        with self.site.world.services.store.reading() as session:
            rows = session.execute(query.order_by(records.c.id)).all()
            scored = scores.tiers(session, self.account.tenant_id)
        return [(row.lead_id, row.vendor_id) for row in rows if row.lead_id in scored][place]

    @property
    def account(self) -> connection_rows.CrmConnection:
        return self.site.connection(str(ALICE), "hubspot")


@pytest.fixture(scope="module")
def portal(scored: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The scored tenant and one without scores, as HubSpot portals; requests come through a port."""
    with copy_of(scored, tmp_path_factory.mktemp("cards") / "copy.db") as made:
        made.signed_in("code-2")
        yield from _served(made)


def _served(made: Site) -> Iterator[Portal]:
    services = made.world.services
    with services.store.transaction() as session:
        session.execute(sa.update(connections).values(vendor="hubspot"))
    app = HubSpotApp(AppCredentials("id", SECRET, None, None, f"{PUBLIC_URL}/oauth", f"{PUBLIC_URL}/webhooks/hubspot"))
    services = replace(services, apps={**services.apps, "hubspot": app})
    world = World(services, made.world.clock, made.world.crm, made.world.woken)
    served = Site(world, create_app(services, settings()))
    server = make_server("127.0.0.1", 0, served.app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield Portal(served, server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_signed_card_is_told_the_score_in_words(portal: Portal) -> None:
    lead, record = portal.record()
    status, told, headers = portal.fetch(f"/records/{record}")
    with portal.site.world.services.store.reading() as session:
        row = scores.of_lead(session, portal.account.tenant_id, lead)
    assert row
    assert (status, told["state"]) == (200, "scored")
    assert (told["score"], told["tier"], told["lead"]) == (f"{row.score:.1f}", row.tier, lead)
    assert "such leads convert" in told["chance"]["words"]
    assert told["chance"]["interval"].startswith("Of leads that scored alike, between ")
    assert 0 < len(told["reasons"]) <= 3
    assert told["change"] == "This is the first score."
    assert datetime.fromisoformat(told["data_as_of"]) == row.as_of
    assert told["stale"] is False
    assert told["link"] == f"{PUBLIC_URL}/leads/{lead}"
    assert [reason["value"] for reason in told["thumbs"]["up"]] == ["talked", "fits"]
    assert headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in headers


def test_what_is_not_shown_says_why(portal: Portal) -> None:
    """As an answer, not as an error: there is nothing to try again."""
    lead, record = portal.record(1)
    wish = excluding.Wish(Kind.LEAD, "competitor", lead_id=lead)
    excluding.exclude(portal.site.world.services, portal.account.tenant_id, wish)
    status, told, _ = portal.fetch(f"/records/{record}")
    assert (status, told) == (200, {"state": "left_out", "sentence": "Your team left this lead out of scoring."})


def test_a_score_set_by_hand_is_told_with_the_models(portal: Portal) -> None:
    lead, record = portal.record(2)
    before = portal.fetch(f"/records/{record}")[1]
    wish = overriding.Wish(Tier.HIGH_INTENT, None, "strategic", until=portal.now + timedelta(days=9))
    overriding.set_by_hand(portal.site.world.services, portal.account.tenant_id, lead, wish)
    told = portal.fetch(f"/records/{record}")[1]
    model = f"The model says {before['score']} ({before['tier']})."
    assert (told["state"], told["tier"]) == ("set_by_hand", "High-Intent")
    assert told["by_hand"]["sentence"] == f"Set by hand by your team on 1 Mar 2026, until 10 Mar 2026. {model}"
    assert told["reasons"] == ["Set by hand: a strategic account"]


@pytest.mark.parametrize(
    ("tampered", "sentence"),
    [
        ({"secret": "another-secret"}, "signature"),
        ({"at": timedelta(minutes=-5, seconds=-1)}, "five minutes"),
        ({"at": timedelta(minutes=5, seconds=1)}, "five minutes"),
        ({"sent": "?userId=7&portalId=101"}, "signature"),
        ({"query": f"portalId={BOB}&"}, "exactly one portalId"),
        ({"query": f"PortalID={BOB}&"}, "exactly one portalId"),
        ({"query": "userId=1&"}, "exactly one userId"),
    ],
)
def test_what_hubspot_did_not_sign_just_so_learns_nothing(
    portal: Portal, tampered: dict[str, Any], sentence: str
) -> None:
    """Another secret, an old or future stamp, another address, a portal or user that the card itself wrote into it."""
    before, (_, record) = thumbs(portal), portal.record()
    for body in (None, {"thumb": "up", "reason": "fits"}):
        path = f"/records/{record}" + ("/thumbs" if body else "")
        status, told, _ = portal.fetch(path, body, **tampered)
        assert status == 401
        assert told["type"].endswith("#signature")
        assert sentence in told["detail"]
    assert thumbs(portal) == before


def test_another_body_than_the_signed_one_is_refused(portal: Portal) -> None:
    before, (_, record) = thumbs(portal), portal.record()
    other = b'{"thumb":"down","reason":"other"}'
    assert portal.fetch(f"/records/{record}/thumbs", {"thumb": "up", "reason": "fits"}, raw=other)[0] == 401
    assert thumbs(portal) == before


def test_another_portals_record_is_not_there(portal: Portal) -> None:
    """Neither to be seen nor to be judged; the same as one that never was."""
    before, (_, record) = thumbs(portal), portal.record()
    answers = [portal.fetch(f"/records/{name}", portal=BOB) for name in (record, "999999999")]
    assert answers[0][:2] == answers[1][:2]
    assert (answers[0][0], answers[0][1]["state"]) == (200, "unknown")
    assert portal.fetch(f"/records/{record}/thumbs", {"thumb": "up", "reason": "fits"}, portal=BOB)[0] == 404
    assert thumbs(portal) == before


def test_portals_that_are_not_connected_are_told_so(portal: Portal) -> None:
    """Never installed, or uninstalled since."""
    _, record = portal.record()
    be(portal, Health.DISCONNECTED, "The app was removed.")
    answers = [
        portal.fetch(path, portal=asking) for asking in (ALICE, 303) for path in (f"/records/{record}", "/account")
    ]
    refused = portal.fetch(f"/records/{record}/thumbs", {"thumb": "up", "reason": "fits"})[0]
    be(portal, Health.ACTIVE)
    assert [(status, told["state"]) for status, told, _ in answers] == [(200, "not_connected")] * 4
    assert all("not connected" in told["sentence"] for _, told, _ in answers)
    assert refused == 404


def be(portal: Portal, health: Health, reason: str | None = None) -> None:
    """Let the first portal's connection stand so."""
    with portal.site.world.services.store.transaction() as session:
        connection_rows.set_health(session, portal.account.id, health, reason)


def thumbs(portal: Portal) -> list[tuple[str, bool, str]]:
    with portal.site.world.services.store.reading() as session:
        return [(row.author, row.good, row.reason) for row in feedback.of_tenant(session, portal.account.tenant_id)]


def test_a_thumb_is_on_the_record_under_the_users_number(portal: Portal) -> None:
    """Once, although HubSpot sends again what was not answered in time; the ledger verifies, and holds no address."""
    lead, record = portal.record(3)
    said = {"thumb": "down", "reason": "no_need"}
    answers = [portal.fetch(f"/records/{record}/thumbs", said) for _ in range(2)]
    assert [status for status, _, _ in answers] == [201, 201]
    assert answers[0][1] == answers[1][1]
    assert thumbs(portal).count(("HubSpot user 7", False, "no_need")) == 1
    with portal.site.world.services.store.reading() as session:
        entry = ledger.newest(session, portal.account.tenant_id, "feedback", lead, None)
        assert ledger.verify(session, portal.account.tenant_id).good
    assert entry
    assert entry.seq == answers[0][1]["entry"]
    assert entry.body
    assert entry.body["by"] == "HubSpot user 7"
    assert "rep@alpha" not in str(entry.body)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"thumb": "up", "reason": "no_need"}, 422),
        ({"thumb": "up", "reason": "made up"}, 422),
        ({"thumb": "sideways", "reason": "fits"}, 422),
        ({"thumb": "up"}, 422),
        ({"thumb": "up", "reason": ["fits"]}, 422),
        ({"thumb": "up", "reason": "f" * 5_000}, 413),
    ],
)
def test_thumbs_that_mean_nothing_are_refused_in_words(portal: Portal, body: dict[str, Any], status: int) -> None:
    before, (_, record) = thumbs(portal), portal.record()
    answered, told, _ = portal.fetch(f"/records/{record}/thumbs", body)
    assert (answered, bool(told["detail"])) == (status, True)
    assert thumbs(portal) == before


def test_a_portal_that_asks_too_often_is_told_when_to_come_again(portal: Portal) -> None:
    _, record = portal.record()
    slow = replace(portal.site.world.services, admit=lambda key: 1.5 if key == f"{portal.account.id}:cards" else 0.0)
    usual = portal.site.app.extensions["connector"]
    portal.site.app.extensions["connector"] = (slow, settings())
    status, _, headers = portal.fetch(f"/records/{record}")
    portal.site.app.extensions["connector"] = usual
    assert (status, headers["Retry-After"]) == (429, "2")


def test_the_settings_page_is_told_how_the_account_stands(portal: Portal) -> None:
    """Health, publication, counts, and where all else is set."""
    with portal.site.world.services.store.reading() as session:
        counts = outbox.counts(session, portal.account.id)
    status, told, _ = portal.fetch("/account")
    assert status == 200
    assert (told["account"], told["healthy"], told["trouble"]) == ("Alpha Ltd", True, None)
    assert (told["publishing"], told["publication"]) == (True, "Scores are written to this account.")
    assert [part["tier"] for part in told["leads"]] == list(Tier)
    assert told["written"] == counts["delivered"] > 0
    assert (told["waiting"], told["refused"]) == (counts.get("pending", 0), 0)
    assert told["link"] == f"{PUBLIC_URL}/connections/{portal.account.id}"
    assert datetime.fromisoformat(told["read_at"]) <= portal.now


def test_the_settings_page_says_what_waits_for_an_admin(portal: Portal) -> None:
    """A dry run, and an account whose tokens are no good any more."""
    services, tenant = portal.site.world.services, portal.account.tenant_id
    publication.choose(services, tenant, Choice(Delivery.DRY_RUN, None, None, Overwritten.RESTORE))
    be(portal, Health.NEEDS_ADMIN, "Reconnect the account.")
    told = portal.fetch("/account")[1]
    be(portal, Health.ACTIVE)
    publication.choose(services, tenant, Choice(Delivery.ON, None, None, Overwritten.RESTORE))
    assert (told["publishing"], told["publication"]) == (False, "This is a dry run: nothing is written.")
    assert (told["healthy"], told["trouble"]) == (False, "Reconnect the account.")
    assert portal.fetch("/account", portal=BOB)[1]["read_at"] is None


def test_vendors_without_cards_are_not_there(portal: Portal) -> None:
    """Their adapters say so by name; an unknown one has no app at all."""
    for vendor in ("othercrm", "nocrm"):
        answer = portal.site.app.test_client().get(f"/cards/{vendor}/records/1", base_url=PUBLIC_URL)
        assert answer.status_code in (401, 404)
        assert answer.mimetype == "application/problem+json"
