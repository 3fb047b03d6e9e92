"""Salesforce's stand-in for the conformance suite: the sandbox, in this process, on the shared clock."""

from __future__ import annotations

import hashlib
import hmac
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from urllib.parse import parse_qs, urlsplit

import orjson
import requests
from redis import Redis

from connector.adapters.contract import AppCredentials, Budget, Delivery, Lane, Usage
from connector.adapters.limits import Governor
from connector.adapters.salesforce.session import CONCURRENT
from connector.clock import Clock
from connector.sandbox import AppRegistration, Oauth, Org, SandboxConfig, start
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.salesforce import changes, events, journeys
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import Values, parsed
from tests.contract.world import WEBHOOK, Trouble, VendorWorld

REDIRECT = "http://localhost/oauth/salesforce/callback"
ORG = Org(packaged=False)
HOOK_SECRET = "hook-secret-of-this-connection"
LAG = 20.0
FAULTS = {
    Trouble.GATEWAY_PAGE: (FaultKind.HTML_ERROR, 502, 0.0),
    Trouble.SERVER_ERROR: (FaultKind.SERVER_ERROR, 503, 0.0),
    Trouble.DROPPED: (FaultKind.DROP, 503, 0.0),
    Trouble.TRUNCATED: (FaultKind.TRUNCATED, 503, 0.0),
    Trouble.SLOW: (FaultKind.SLOW, 503, 8.0),
    Trouble.THROTTLED: (FaultKind.RATE_LIMIT, 403, 0.0),
}
STORY = ("form", "email_sent", "email_open", "task", "call", "meeting", "email_reply", "campaign_response")


class WatchedGovernor(Governor):
    """Counts how many requests of all its lanes are on their way at one time."""

    def __init__(self, redis: Redis | None, clock: Clock) -> None:
        super().__init__(redis, clock)
        self.most = 0
        self._open = 0
        self._lock = Lock()

    def lane(self, vendor: str, account_id: str, budgets: Sequence[Budget], *, realtime: bool) -> Lane:
        return WatchedLane(self, super().lane(vendor, account_id, budgets, realtime=realtime))

    def passed(self, budget: str, change: int) -> int:
        """Count what begins or ends; return how many requests are on their way."""
        with self._lock:
            self._open += change if budget == CONCURRENT else 0
            self.most = max(self.most, self._open)
            return self._open


@dataclass
class WatchedLane:
    """A lane that tells its governor what passes."""

    governor: WatchedGovernor
    lane: Lane

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        self.lane.acquire(budget, writes=writes)
        if self.governor.passed(budget, 1) > 1:
            # As long as a fast org takes to answer: the stand-in's own latency is virtual, and the threads
            # of a burst would hardly meet.
            time.sleep(0.02)

    def settle(self, budget: str) -> None:
        self.governor.passed(budget, -1)
        self.lane.settle(budget)

    def penalise(self, budget: str, seconds: float) -> None:
        self.lane.penalise(budget, seconds)

    def told(self, budget: str, usage: Usage | None) -> None:
        self.lane.told(budget, usage)

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        self.lane.spend(allowance, requests, limit=limit)


class SalesforceWorld(VendorWorld):
    """An org, empty until it is filled."""

    name = "salesforce"
    at_once = 20

    def __init__(self, org: Org = ORG, *, rotate: bool = False) -> None:
        super().__init__()
        self.governor = self.watched = WatchedGovernor(None, self.clock)
        registration = AppRegistration(redirect_uris=(REDIRECT, "http://localhost/elsewhere"))
        oauth = Oauth(access_seconds=7200.0, rotate=rotate)
        config = SandboxConfig(vendor="salesforce", app=registration, oauth=oauth, org=org, index_lag_seconds=LAG)
        self.sandbox = start(config, self.clock)
        self.secret = registration.client_secret
        origin = self.sandbox.origin
        self.credentials = AppCredentials(registration.client_id, self.secret, origin, origin, REDIRECT, "")

    @property
    def hub(self) -> Hub:
        found: Hub = self.sandbox.vendor_state
        return found

    def rows(self, source: str) -> Mapping[str, Values]:
        """Return the records of an object as they are."""
        return self.hub.tables[source].rows

    def fill(self, people: int) -> None:
        """Let ``people`` leads come and live a little; each fifth is converted, with an opportunity that ends."""
        with self.sandbox.stage.lock:
            for number in range(people):
                self.clock.sleep(40)
                company = f"Firm {number % 3}"
                known = {"Title": "Buyer", "Company": company, "Website": f"https://firm{number % 3}.example.com"}
                lead = self._add_lead(f"lead{number}@firm{number % 3}.example.com", **known)
                for kind in STORY[: number % (len(STORY) + 1)]:
                    self.clock.sleep(1)
                    self.happen(lead, kind)
                if number % 5 == 0:
                    self.clock.sleep(30)
                    deal = journeys.convert(self.hub, lead, self.hub.user()).opportunity_id
                    self.clock.sleep(1)
                    stage = "Closed Won" if number % 10 else "Closed Lost"
                    changes.update(self.hub, str(deal), {"StageName": stage, "Amount": "1200.50"}, self.hub.user())
        self.clock.sleep(7200)

    def happen(self, record_id: str, kind: str, **more: object) -> str:
        """Let something happen with a lead or contact now; return the id of its record."""
        return events.happen(self.hub, record_id, {"kind": kind, **more})["id"]

    def convert(self, lead_id: str, *, opportunity: bool = True) -> journeys.Converted:
        """Convert a lead, as a seller does."""
        with self.sandbox.stage.lock:
            made = journeys.convert(self.hub, lead_id, self.hub.user(), opportunity=opportunity)
        self.clock.sleep(LAG)
        return made

    def _add_lead(self, email: str, **values: object) -> str:
        filled = {"LastName": "Lead", "Company": "Firm", "Email": email, "Status": "Open - Not Contacted", **values}
        return changes.create(self.hub, "Lead", filled, self.hub.user())

    def consent(self, url: str) -> tuple[str, str]:
        page = requests.get(url, timeout=10)
        assert page.ok, page.text
        found = re.search(r'name="request_id" value="([^"]+)"', page.text)
        assert found is not None
        form = {"request_id": found.group(1), "decision": "allow"}
        answer = requests.post(
            f"{self.sandbox.origin}/services/oauth2/authorize", form, allow_redirects=False, timeout=10
        )
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return query["code"][0], query["state"][0]

    def person_ids(self) -> set[str]:
        """Return the open leads and the contacts: a converted lead is its contact now."""
        kept = [row for source in ("Lead", "Contact") for row in self.rows(source).values() if not row.get("IsDeleted")]
        return {str(row["Id"]) for row in kept if not row.get("IsConverted")}

    def leads(self) -> list[str]:
        """Return the open leads."""
        return sorted(record_id for record_id in self.person_ids() if record_id.startswith("00Q"))

    def add_person(self, email: str) -> str:
        with self.sandbox.stage.lock:
            return self._add_lead(email)

    def crowd(self, leads: int) -> None:
        """Let ``leads`` more leads come, without a past."""
        with self.sandbox.stage.lock:
            for number in range(leads):
                self._add_lead(f"crowd{number}@example.com")
        self.clock.sleep(LAG)

    def rename_title(self, record_ids: Sequence[str], title: str) -> None:
        self.change(record_ids, {"Title": title})

    def change(self, record_ids: Sequence[str], values: Mapping[str, object], *, by_us: bool = False) -> None:
        """Give records other values, as a seller would, or as our own user does."""
        author = replace(self.hub.user(), user_id=self.hub.people.integration) if by_us else self.hub.user()
        with self.sandbox.stage.lock:
            for record_id in record_ids:
                changes.update(self.hub, record_id, values, author)

    def delete_person(self, record_id: str) -> None:
        with self.sandbox.stage.lock:
            changes.delete(self.hub, record_id, self.hub.user())
        self.clock.sleep(LAG)

    def vanish(self, record_id: str) -> bool:
        with self.sandbox.stage.lock:
            changes.purge(self.hub, record_id, self.hub.user())
        self.clock.sleep(LAG)
        return True

    def merge(self, winner: str, loser: str) -> str | None:
        with self.sandbox.stage.lock:
            survivor = journeys.merge(self.hub, winner, loser, self.hub.user())
        self.clock.sleep(LAG)
        return survivor

    def occupy_score_field(self) -> str:
        for source in ("Lead", "Contact"):
            self.hub.schema.objects[source].add(parsed("Lead_Score__c string(80)", custom=True))
        return "Lead_Score__c"

    def title_field(self) -> str:
        return "Title"

    def expire_tokens(self) -> None:
        self.hub.grants.expire_sessions()

    def revoke(self) -> None:
        self.hub.grants.uninstall()

    def installed(self) -> bool:
        return self.hub.grants.installed()

    def fail(self, trouble: Trouble, times: int, *, path: str = "") -> None:
        kind, status, seconds = FAULTS[trouble]
        self.strike(Fault(kind, path=path, times=times, status=status, seconds=seconds))

    def strike(self, *faults: Fault) -> None:
        """Misbehave as told."""
        self.sandbox.stage.faults.replace_all(list(faults))

    def api_path(self) -> str:
        return "/services/data"

    def write_path(self) -> str:
        return "composite/sobjects"

    def requests(self) -> int:
        return len(self.sandbox.stage.log.entries())

    def paths(self) -> list[str]:
        """Return the paths of all requests."""
        return [entry.path for entry in self.sandbox.stage.log.entries()]

    def throttled(self) -> int:
        return sum(entry.status == 403 for entry in self.sandbox.stage.log.entries())

    def busiest_share(self) -> float:
        return self.watched.most / self.at_once

    def delivery(self, record_id: str) -> Delivery:
        now = self.clock.now()
        body = orjson.dumps({"records": [{"id": record_id[:15], "event": "updated", "at": now.isoformat()}]})
        stamp = str(int(now.timestamp()))
        digest = hmac.new(HOOK_SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {"X-Lead-Score-Timestamp": stamp, "X-Lead-Score-Signature": f"sha256={digest}"}
        return Delivery("POST", WEBHOOK, headers, body, account_id=self.hub.org.org_id, secrets=(HOOK_SECRET,))

    def stop(self) -> None:
        self.sandbox.stop()
