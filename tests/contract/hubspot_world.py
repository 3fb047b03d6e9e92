"""HubSpot's stand-in for the conformance suite: the sandbox, in this process, on the shared clock."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

import orjson
import requests

from connector.adapters.contract import AppCredentials, Delivery
from connector.sandbox import AppRegistration, Portal, SandboxConfig, start
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.hubspot import changes, events
from connector.sandbox.hubspot.admin import USER
from connector.sandbox.hubspot.hub import Account, Hub
from connector.sandbox.hubspot.records import CrmObject
from tests.contract.world import Trouble, VendorWorld

REDIRECT = "http://localhost/oauth/hubspot/callback"
WEBHOOK = "https://leads.example.com/webhooks/hubspot"
PORTAL = 4711001
FAULTS = {
    Trouble.GATEWAY_PAGE: (FaultKind.HTML_ERROR, 502, 0.0),
    Trouble.SERVER_ERROR: (FaultKind.SERVER_ERROR, 503, 0.0),
    Trouble.DROPPED: (FaultKind.DROP, 503, 0.0),
    Trouble.TRUNCATED: (FaultKind.TRUNCATED, 503, 0.0),
    Trouble.SLOW: (FaultKind.SLOW, 503, 8.0),
    Trouble.THROTTLED: (FaultKind.RATE_LIMIT, 429, 0.0),
}
STORY = ("form", "email_sent", "email_open", "email_click", "call", "note", "meeting", "email_reply")


class HubSpotWorld(VendorWorld):
    """A portal, empty until it is filled."""

    name = "hubspot"

    def __init__(self, tier: str = "professional", unavailable: tuple[str, ...] = ()) -> None:
        super().__init__()
        registration = AppRegistration(redirect_uris=(REDIRECT, "http://localhost/elsewhere"))
        portal = Portal(portal_id=PORTAL, tier=tier, unavailable_scopes=unavailable)
        config = SandboxConfig(app=registration, portals=(portal,), index_lag_seconds=20.0)
        self.sandbox = start(config, self.clock)
        # Ids pass from four digits to five: ordered as text they would be lost.
        self.account.next_id = 9_500
        self.secret = registration.client_secret
        origin = self.sandbox.origin
        self.credentials = AppCredentials(registration.client_id, self.secret, origin, origin, REDIRECT, WEBHOOK)

    @property
    def hub(self) -> Hub:
        found: Hub = self.sandbox.vendor_state
        return found

    @property
    def account(self) -> Account:
        return self.hub.accounts[PORTAL]

    def fill(self, people: int) -> None:
        """Let ``people`` persons come and live a little, companies and deals among them."""
        with self.sandbox.stage.lock:
            companies = [self._add_company(number) for number in range(3)]
            for number in range(people):
                self.clock.sleep(40)
                company = companies[number % 3]
                known = {"jobtitle": "Buyer", "associatedcompanyid": str(company.object_id)}
                contact = self._add_contact(f"lead{number}@firm{number % 3}.example.com", **known)
                self.account.links.add("contacts", contact.object_id, "companies", company.object_id, primary=True)
                for kind in STORY[: number % (len(STORY) + 1)]:
                    self.clock.sleep(1)
                    self.happen(contact, kind)
                if number % 5 == 0:
                    self.happen(contact, "deal_won" if number % 10 else "deal_lost", amount="1200.50")
        self.clock.sleep(7200)

    def happen(self, contact: CrmObject, kind: str, **more: object) -> None:
        """Let something happen with a contact now."""
        events.happen(self.hub, self.account, contact, {"kind": kind, **more})

    def _add_company(self, number: int) -> CrmObject:
        table = self.account.tables["companies"]
        values = {"name": f"Firm {number}", "domain": f"firm{number}.example.com", "industry": "RETAIL"}
        return changes.create(self.hub, self.account, table, values, USER)

    def _add_contact(self, email: str, **values: str) -> CrmObject:
        table = self.account.tables["contacts"]
        filled = {"email": email, "lifecyclestage": "lead", **values}
        return changes.create(self.hub, self.account, table, filled, USER)

    def contact(self, record_id: str) -> CrmObject:
        """Return a live contact."""
        return self.account.tables["contacts"].live[int(record_id)]

    def consent(self, url: str) -> tuple[str, str]:
        page = requests.get(url, timeout=10)
        assert page.ok, page.text
        found = re.search(r'name="request_id" value="([^"]+)"', page.text)
        assert found is not None
        form = {"request_id": found.group(1), "decision": "allow"}
        answer = requests.post(f"{self.sandbox.origin}/oauth/authorize", form, allow_redirects=False, timeout=10)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return query["code"][0], query["state"][0]

    def person_ids(self) -> set[str]:
        return {str(found) for found in self.account.tables["contacts"].live}

    def add_person(self, email: str) -> str:
        with self.sandbox.stage.lock:
            return str(self._add_contact(email).object_id)

    def rename_title(self, record_ids: Sequence[str], title: str) -> None:
        self.change(record_ids, {"jobtitle": title})

    def change(self, record_ids: Sequence[str], values: Mapping[str, str]) -> None:
        """Give contacts other values, as a user would."""
        table = self.account.tables["contacts"]
        with self.sandbox.stage.lock:
            for record_id in record_ids:
                changes.update(self.hub, self.account, table, self.contact(record_id), values, USER)

    def delete_person(self, record_id: str) -> None:
        table = self.account.tables["contacts"]
        with self.sandbox.stage.lock:
            changes.archive(self.hub, self.account, table, self.contact(record_id), USER)

    def vanish(self, record_id: str) -> bool:
        table = self.account.tables["contacts"]
        with self.sandbox.stage.lock:
            changes.erase(self.hub, self.account, table, self.contact(record_id), USER)
        return True

    def merge(self, winner: str, loser: str) -> str | None:
        table = self.account.tables["contacts"]
        with self.sandbox.stage.lock:
            pair = (self.contact(winner), self.contact(loser))
            return str(changes.merge(self.hub, self.account, table, pair).object_id)

    def occupy_score_field(self) -> str:
        group = next(iter(self.account.catalogues["contacts"].groups))
        self.define("lead_score", "string", "text", group)
        return "lead_score"

    def define(self, name: str, kind: str, field_type: str, group: str) -> None:
        """Make a contact property, as an admin would."""
        body = {"name": name, "label": name, "type": kind, "fieldType": field_type, "groupName": group}
        self.account.catalogues["contacts"].create(body, self.hub.now_ms())

    def title_field(self) -> str:
        return "jobtitle"

    def expire_tokens(self) -> None:
        self.hub.grants.expire_access(PORTAL)

    def revoke(self) -> None:
        self.hub.grants.uninstall(PORTAL)

    def installed(self) -> bool:
        return self.hub.grants.installed(PORTAL)

    def fail(self, trouble: Trouble, times: int, *, path: str = "") -> None:
        kind, status, seconds = FAULTS[trouble]
        self.sandbox.stage.faults.replace_all([Fault(kind, path=path, times=times, status=status, seconds=seconds)])

    def api_path(self) -> str:
        return "crm"

    def write_path(self) -> str:
        return "batch/update"

    def requests(self) -> int:
        return len(self.sandbox.stage.log.entries())

    def throttled(self) -> int:
        return int(self.sandbox.stage.log.summary()["rate_limited"])

    def busiest_share(self) -> float:
        summary, limits = self.sandbox.stage.log.summary(), self.sandbox.stage.config.limits
        return max(
            summary["max_in_10_seconds"] / limits.burst,
            summary["max_search_in_1_second"] / limits.search,
            summary["max_associations_in_10_seconds"] / limits.associations,
        )

    def delivery(self, record_id: str) -> Delivery:
        stamp = str(self.hub.now_ms())
        event = {
            "eventId": 1,
            "portalId": PORTAL,
            "occurredAt": self.hub.now_ms(),
            "subscriptionType": "contact.propertyChange",
            "objectId": int(record_id),
            "propertyName": "jobtitle",
        }
        body = orjson.dumps([event])
        signed = b"POST" + WEBHOOK.encode() + body + stamp.encode()
        digest = hmac.new(self.secret.encode(), signed, hashlib.sha256).digest()
        headers = {"X-HubSpot-Signature-v3": base64.b64encode(digest).decode(), "X-HubSpot-Request-Timestamp": stamp}
        return Delivery("POST", "http://internal:5000/webhooks/hubspot", headers, body)

    def stop(self) -> None:
        self.sandbox.stop()
