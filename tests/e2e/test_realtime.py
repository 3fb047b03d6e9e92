"""From what happens in a CRM to the new value in that CRM, for each of the three."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import orjson
import pytest
import requests

from connector.adapters.salesforce import webhooks
from connector.services import looking, polling
from connector.store import connections
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import MailchimpWorld
from tests.contract.salesforce_world import LAG, SalesforceWorld
from tests.contract.world import VendorWorld
from tests.databases import sqlite_store
from tests.e2e.live import Line, connected

PEOPLE = 40
PAST_SECONDS = 120 * 86_400
"""How long ago they came: their first ninety days are over, so that there is something to score by."""
SUBSCRIPTIONS = ("contact.creation", "contact.propertyChange:jobtitle")
OK, UNAUTHORIZED = 204, 401


def hubspot(line: Line, crm: HubSpotWorld) -> None:
    """Its webhooks are set on the app's developer page: one address for all accounts."""
    crm.hub.notices.configure(f"{line.services.hooks.public_url}/webhooks/hubspot", SUBSCRIPTIONS)


def mailchimp(line: Line, crm: MailchimpWorld) -> None:
    """The first run has asked for a hook in each audience; it answers to its own address."""
    address = line.services.hooks.of("mailchimp", line.connection_id)
    assert {hook.url for audience in crm.hub.audiences.values() for hook in audience.hooks.values()} == {address}


def salesforce(line: Line, crm: SalesforceWorld) -> None:
    """The admin has entered address and secret of the connection page; the call-outs are the package's part."""


def call_out(line: Line, record_id: str, event: str, secret: str) -> int:
    """Do as the package's queued job does after the commit; return the status of the answer."""
    crm = line.crm
    crm.clock.sleep(LAG)
    at = f"{crm.clock.now():%Y-%m-%dT%H:%M:%S.000Z}"
    body = orjson.dumps({"records": [{"id": record_id, "event": event, "at": at}]})
    stamp = str(int(crm.clock.now().timestamp()))
    headers = {"X-Lead-Score-Timestamp": stamp, "X-Lead-Score-Signature": webhooks.signature(secret, stamp, body)}
    address = line.services.hooks.of("salesforce", line.connection_id)
    return requests.post(address, body, headers=headers, timeout=20).status_code


WORLDS: dict[str, tuple[Callable[[], VendorWorld], Callable[..., None]]] = {
    "hubspot": (HubSpotWorld, hubspot),
    "mailchimp": (MailchimpWorld, mailchimp),
    "salesforce": (SalesforceWorld, salesforce),
}


@contextmanager
def scored(vendor: str, folder: Path) -> Iterator[Line]:
    """A CRM with a few people in it, all of them scored, that pushes from now on."""
    make, switch_on = WORLDS[vendor]
    crm, store = make(), sqlite_store(folder / "live.db")
    try:
        crm.fill(PEOPLE)
        crm.clock.sleep(PAST_SECONDS)
        with connected(store, crm) as made:
            made.work()
            switch_on(made, crm)
            yield made
    finally:
        crm.stop()
        store.close()


@pytest.fixture(params=sorted(WORLDS))
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    """Each CRM in turn."""
    with scored(request.param, tmp_path) as made:
        yield made


def act(crm: VendorWorld, person: str) -> None:
    """Let a person show interest, as one does at this CRM."""
    if isinstance(crm, HubSpotWorld):
        crm.happen(crm.contact(person), "form")
    elif isinstance(crm, MailchimpWorld):
        crm.happen(crm.member(person), "email_sent")
        # A click that comes with the mail is a scanner's.
        crm.clock.sleep(600)
        crm.happen(crm.member(person), "email_click")
    elif isinstance(crm, SalesforceWorld):
        crm.happen(person, "form")


def tell(line: Line, record_id: str, event: str) -> None:
    """Let the CRM push what just happened; the others do so by themselves."""
    if line.crm.name == "salesforce":
        assert call_out(line, record_id, event, line.services.hooks.signing_secret(line.connection_id)) == OK


def test_what_happens_is_pushed_and_ends_in_a_value_in_the_crm(line: Line) -> None:
    """Somebody new gets a score; what changes of them is scored again. No run begins for it, nobody else is touched."""
    run, others = line.newest_run(), line.scores_elsewhere("")
    before = line.pushed()
    person = line.crm.add_person("new@firm1.example.com")
    assert line.in_the_crm(person) == {}
    tell(line, person, "created")
    line.until_pushed(before)
    line.work()
    first = line.in_the_crm(person)
    assert first["lead_score"]
    line.crm.clock.sleep(60)
    before = line.pushed()
    line.crm.rename_title([person], "Head of Purchasing")
    tell(line, person, "updated")
    line.until_pushed(before)
    line.work()
    (newest, *earlier) = line.scored(person)
    assert (newest["requester"], [body["requester"] for body in earlier]) == ("webhook", ["webhook"])
    assert newest["as_of"] > earlier[0]["as_of"]
    assert newest["inputs_hash"] != earlier[0]["inputs_hash"]
    assert line.in_the_crm(person)["lead_score"]
    assert line.newest_run() == run
    assert line.scores_elsewhere(person) == others


def test_what_a_person_did_raises_the_score_with_the_next_reading(line: Line) -> None:
    """What the CRM does not tell with the person itself is found by the refresh, and the lane goes on from there."""
    before = line.pushed()
    person = line.crm.add_person("new@firm1.example.com")
    tell(line, person, "created")
    line.until_pushed(before)
    line.work()
    first = line.in_the_crm(person)
    line.crm.clock.sleep(60)
    act(line.crm, person)
    line.crm.clock.sleep(3_600)
    with line.services.store.reading() as session:
        tenant_id = connections.get(session, line.connection_id).tenant_id
    polling.catch_up(line.services, tenant_id)
    line.work()
    assert Decimal(line.in_the_crm(person)["lead_score"]) > Decimal(first["lead_score"])


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Line]:
    """An org that does not push: the package is not there, or not connected."""
    with scored("salesforce", tmp_path) as made:
        yield made


def look(line: Line) -> bool:
    """Do as the sweep does a minute later; tell whether a reading began."""
    line.crm.clock.sleep(60)
    assert looking.due(line.services) == [line.connection_id]
    return looking.look(line.services, line.connection_id)


def test_an_org_without_call_outs_is_looked_at_each_minute(org: Line) -> None:
    """A new lead, and a form that a known one filled in, are found by the look; our own scores are not."""
    assert not look(org)
    person = org.crm.add_person("new@firm1.example.com")
    org.crm.clock.sleep(LAG)
    assert look(org)
    org.work()
    first = org.in_the_crm(person)
    assert first["lead_score"]
    assert not look(org)
    act(org.crm, person)
    org.crm.clock.sleep(LAG)
    assert look(org)
    org.work()
    assert Decimal(org.in_the_crm(person)["lead_score"]) > Decimal(first["lead_score"])
    assert not look(org)
    assert org.pushed() == 0


def test_a_call_out_that_nobody_signed_starts_nothing(org: Line) -> None:
    """Whoever learns the address still lacks the secret."""
    person = sorted(org.crm.person_ids())[0]
    run = org.newest_run()
    assert call_out(org, person, "updated", "a guess") == UNAUTHORIZED
    assert (org.pushed(), org.woken, org.newest_run()) == (0, [], run)
