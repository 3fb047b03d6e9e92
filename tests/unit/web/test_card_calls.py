"""Cards and thumbs that code inside the CRM calls for: signed as the package signs, of that org's records only."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from connector.adapters.contract import AppCredentials
from connector.adapters.salesforce.app import SalesforceApp
from connector.adapters.salesforce.webhooks import signature
from connector.app import create_app
from connector.services import cards
from connector.services.feedback import excluding
from connector.services.feedback.excluding import Wish
from connector.store import feedback, ledger, records, scores
from connector.store.connections import Health
from connector.store.exclusions import Kind
from connector.store.tables import connections, inbox
from connector.store.tables import records as records_table
from tests.unit.web.site import PUBLIC_URL, Site, settings
from tests.world import World

USER = "005000000000001AAA"
THUMB = {"user": USER, "thumb": "down", "reason": "bad_time", "note": "In spring"}


@dataclass
class Org:
    """A tenant whose account is a Salesforce org, and what the package in it sends."""

    site: Site
    account: str = "101"
    record: str = ""

    @property
    def world(self) -> World:
        return self.site.world

    @property
    def connection_id(self) -> UUID:
        return self.site.connection(self.account, "salesforce").id

    @property
    def tenant(self) -> UUID:
        return self.site.tenant_of(self.account, "salesforce")

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers of a call that is made now."""
        stamp = str(int(self.world.clock.now().timestamp()))
        secret = self.world.services.hooks.signing_secret(self.connection_id)
        return {"X-Lead-Score-Timestamp": stamp, "X-Lead-Score-Signature": signature(secret, stamp, body)}

    def send(self, what: str, body: bytes, headers: dict[str, str], path: str = "") -> TestResponse:
        address = path or self.world.services.hooks.of("salesforce", self.connection_id).removeprefix(PUBLIC_URL)
        return self.site.app.test_client().post(
            f"{address}/{what}", data=body, headers={"Content-Type": "application/json", **headers}, base_url=PUBLIC_URL
        )

    def call(self, what: str, **said: object) -> TestResponse:
        body = json.dumps({"record": self.record, "user": USER, **said}).encode()
        return self.send(what, body, self.signed(body))

    def lead(self) -> int:
        with self.world.services.store.reading(self.tenant) as session:
            found = records.named(session, self.tenant, self.connection_id, self.record)
        assert found
        assert found.lead_id is not None
        return int(found.lead_id)

    def thumbs(self) -> list[tuple[str, bool, str]]:
        with self.world.services.store.reading(self.tenant) as session:
            rows = feedback.of_tenant(session, self.tenant)
        return [(row.author, row.good, row.reason) for row in rows]


@pytest.fixture
def org(live: Site) -> Org:
    """The scored tenant's account is an org; a second org was just connected."""
    live.signed_in("code-2")
    credentials = AppCredentials("id", "secret", None, None, f"{PUBLIC_URL}/oauth/salesforce/callback", "")
    services = replace(live.world.services, apps={**live.world.services.apps, "salesforce": SalesforceApp(credentials)})
    with services.store.transaction() as session:
        session.execute(sa.update(connections).values(vendor="salesforce"))
    live.world.services = services
    site = Site(live.world, create_app(services, settings()))
    made = Org(site)
    with services.store.reading(made.tenant) as session:
        lead = min(scores.tiers(session, made.tenant))
        made.record = session.execute(
            sa.select(records_table.c.vendor_id).where(records_table.c.lead_id == lead)
        ).scalar_one()
    return made


def test_a_signed_call_is_answered_with_the_card(org: Org) -> None:
    """What all cards show, of this record, with a chance and its interval in words."""
    answer = org.call("card")
    assert answer.status_code == 200
    card = answer.get_json()
    told = cards.read(org.world.services, org.tenant, org.connection_id, org.record)
    assert (card["state"], card["lead"], card["tier"]) == ("scored", org.lead(), told.tier)
    assert card["score"] == f"{told.score:.1f}"
    assert card["reasons"] == list(told.reasons)
    assert card["chance"]["words"].endswith("such leads convert")
    assert "between" in card["chance"]["interval"]
    assert card["data_as_of"] == told.data_as_of.isoformat()
    assert card["stale"] is False


def test_why_there_is_no_score_is_a_sentence(org: Org) -> None:
    """A lead that was left out; the call itself was right."""
    wish = Wish(Kind.LEAD, "competitor", lead_id=org.lead())
    excluding.exclude(org.world.services, org.tenant, wish)
    answer = org.call("card")
    assert (answer.status_code, answer.get_json()["state"]) == (200, "left_out")
    assert answer.get_json()["sentence"] == "Your team left this lead out of scoring."
    assert org.call("thumb", **THUMB).status_code == 400


def test_a_record_of_another_org_is_not_there(org: Org) -> None:
    """Signed well, for an account of its own; the record is the first tenant's. Nor is one that nobody has."""
    other = Org(org.site, "202", org.record)
    assert other.tenant != org.tenant
    for what, said in (("card", {}), ("thumb", THUMB)):
        assert org.call(what, **said).status_code in (200, 201)
        assert other.call(what, **said).status_code == 404
    assert other.thumbs() == []
    answer = org.call("card", record="00Q000000000009AAA")
    assert answer.status_code == 404
    assert "not known to the scoring app" in answer.get_json()["error"]


def test_a_thumb_is_kept_with_the_crms_user(org: Org) -> None:
    """In the feedback and in the ledger; sent again it is kept once."""
    first, again = org.call("thumb", **THUMB), org.call("thumb", **THUMB)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json() == again.get_json()
    author = f"Salesforce user {USER}"
    assert org.thumbs() == [(author, False, "bad_time")]
    with org.world.services.store.reading(org.tenant) as session:
        entry = ledger.newest(session, org.tenant, "feedback", org.lead(), None)
    assert entry
    assert entry.body
    assert (entry.seq, entry.body["by"], entry.body["note"]) == (first.get_json()["entry"], author, "In spring")


Bent = Callable[[Org, bytes, dict[str, str]], tuple[bytes, dict[str, str]]]


def _later(org: Org, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    org.world.clock.at += timedelta(minutes=6)
    return body, headers


def _others(org: Org, body: bytes, headers: dict[str, str]) -> tuple[bytes, dict[str, str]]:
    return body, Org(org.site, "202").signed(body)


BENT: Mapping[str, Bent] = {
    "unsigned": lambda org, body, headers: (body, {}),
    "another user": lambda org, body, headers: (body.replace(USER.encode(), b"005000000000002AAA"), headers),
    "another body": lambda org, body, headers: (body + b" ", headers),
    "another org's secret": _others,
    "six minutes old": _later,
}


def test_what_was_not_signed_so_is_refused(org: Org) -> None:
    """401 with the reason; nothing is told and nothing kept. Nor at an address that we never gave."""
    body = json.dumps({"record": org.record, **THUMB}).encode()
    made_up = f"/webhooks/salesforce/{org.connection_id.hex}{'0' * 64}"
    for what in ("card", "thumb"):
        for name, bent in BENT.items():
            answer = org.send(what, *bent(org, body, org.signed(body)))
            assert (answer.status_code, list(answer.get_json())) == (401, ["error"]), name
        assert org.send(what, body, org.signed(body), made_up).status_code == 401
    assert org.thumbs() == []


def test_a_call_for_one_thing_does_no_other(org: Org) -> None:
    """What was signed as a card's call is no thumb, no card's call is news of records, and no news is a card's call."""
    assert org.call("thumb").status_code == 400
    body = json.dumps({"record": org.record, "user": USER}).encode()
    address = org.world.services.hooks.of("salesforce", org.connection_id).removeprefix(PUBLIC_URL)
    pushed = org.site.app.test_client().post(address, data=body, headers=org.signed(body), base_url=PUBLIC_URL)
    assert pushed.status_code == 401
    with org.world.services.store.reading() as session:
        assert session.execute(sa.select(sa.func.count()).select_from(inbox)).scalar_one() == 0
    news = json.dumps({"records": [{"id": org.record, "event": "updated", "at": "2026-03-01T12:00:00Z"}]}).encode()
    assert org.send("card", news, org.signed(news)).status_code == 400


HOSTILE = (
    b"",
    b"[" * 2000,
    b"[]",
    b'{"record": 7, "user": "u"}',
    b'{"record": "a\\u0000", "user": "u", "thumb": "up", "reason": "fits"}',
    b'{"record": "1000", "user": "ana@firm.example", "thumb": "up", "reason": "fits"}',
    b'{"record": "1000", "user": "u", "thumb": "left", "reason": "fits"}',
    b'{"record": "1000", "user": "u", "thumb": "up", "reason": "bad_time"}',
    b'{"record": "1000", "user": "u", "thumb": "up", "reason": "fits", "note": 7}',
)


def test_a_bent_call_is_refused_in_a_sentence(org: Org) -> None:
    """Whatever was signed; what is too long is not read."""
    for body in (each.replace(b"1000", org.record.encode()) for each in HOSTILE):
        answer = org.send("thumb", body, org.signed(body))
        assert answer.status_code == 400, body
        assert answer.get_json()["error"].endswith("."), body
    assert org.thumbs() == []
    assert org.call("card", more="x" * 5000).status_code == 413


def test_a_disconnected_account_gets_nothing(org: Org) -> None:
    with org.world.services.store.transaction() as session:
        session.execute(sa.update(connections).values(status=Health.DISCONNECTED))
    answer = org.call("card")
    assert answer.status_code == 400
    assert "disconnected" in answer.get_json()["error"]


def test_too_many_calls_are_told_when_to_come_again(org: Org) -> None:
    """By the account, so that one org's pages can't take what others need."""
    services = replace(org.world.services, admit=lambda key: 7.5 if key == f"{org.connection_id}:cards" else 0.0)
    org.site.app = create_app(services, settings())
    answer = org.call("card")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "8")
