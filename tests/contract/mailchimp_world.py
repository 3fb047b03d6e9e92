"""Mailchimp's stand-in for the conformance suite: the sandbox, in this process, on the shared clock."""

from __future__ import annotations

import hashlib
import hmac
import re
import threading
import time
from collections.abc import Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from connector.adapters.contract import AppCredentials, Delivery
from connector.adapters.mailchimp.values import record_id, split_id
from connector.sandbox import AppRegistration, SandboxConfig, start
from connector.sandbox.config import MailchimpAccount
from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.mailchimp import changes, events
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.records import Member, MergeField
from tests.contract.world import SharedClock, Trouble, VendorWorld

REDIRECT = "http://localhost/oauth/mailchimp/callback"
SECRET = "signing-secret-of-one-hook"
ALLOWED = 4
"""Open connections that this account is allowed: as many as our app takes, so that one more would be refused."""
FAULTS = {
    Trouble.GATEWAY_PAGE: (FaultKind.HTML_ERROR, 502, 0.0),
    Trouble.SERVER_ERROR: (FaultKind.SERVER_ERROR, 503, 0.0),
    Trouble.DROPPED: (FaultKind.DROP, 503, 0.0),
    Trouble.TRUNCATED: (FaultKind.TRUNCATED, 503, 0.0),
    Trouble.SLOW: (FaultKind.SLOW, 503, 8.0),
    Trouble.THROTTLED: (FaultKind.RATE_LIMIT, 429, 0.0),
}
STORY = ("email_sent", "email_open", "email_click", "email_open")


class LivelyClock(SharedClock):
    """A virtual clock that takes a moment of real time too, so that requests overlap as they do in life."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        time.sleep(0.001)


class _Listener(BaseHTTPRequestHandler):
    """Answers Mailchimp's question whether an address works, and takes what is pushed."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


class MailchimpWorld(VendorWorld):
    """An account with two audiences, empty until it is filled."""

    name = "mailchimp"
    at_once = 6
    revocable = False
    knows_our_writes = False

    def __init__(self, account: MailchimpAccount | None = None) -> None:
        super().__init__()
        self.clock = LivelyClock()
        self.governor = type(self.governor)(None, self.clock)
        registration = AppRegistration(redirect_uris=(REDIRECT, "http://localhost/elsewhere"))
        self.settings = account or MailchimpAccount(connections=ALLOWED)
        self.sandbox = start(SandboxConfig(vendor="mailchimp", app=registration, mailchimp=self.settings), self.clock)
        origin = self.sandbox.origin
        secret = registration.client_secret
        self.credentials = AppCredentials(registration.client_id, secret, origin, origin, REDIRECT, "")
        self._listener = ThreadingHTTPServer(("127.0.0.1", 0), _Listener)
        threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.webhook_url = f"http://127.0.0.1:{self._listener.server_port}/webhooks/mailchimp/one-connection"
        for audience in self.hub.audiences.values():
            self.define(audience, "JOBTITLE", "Job title", "text")

    @property
    def hub(self) -> Hub:
        found: Hub = self.sandbox.vendor_state
        return found

    @property
    def main(self) -> Audience:
        return self.hub.main

    @property
    def second(self) -> Audience:
        return list(self.hub.audiences.values())[1]

    def define(self, audience: Audience, tag: str, name: str, type_: str, choices: tuple[str, ...] = ()) -> None:
        """Make a merge field, as an admin would."""
        number = audience.next_merge_id()
        audience.merge_fields[number] = MergeField(number, tag, name, type_, choices=choices)

    def fill(self, people: int) -> None:
        """Let ``people`` persons come and live a little; each tenth is in the second audience."""
        with self.sandbox.stage.lock:
            for number in range(people):
                self.clock._passed += 40
                audience = self.second if number % 10 == 3 else self.main
                member = self.add_member(f"lead{number}@firm{number % 3}.example.com", audience, JOBTITLE="Buyer")
                for kind in STORY[: number % (len(STORY) + 1)]:
                    self.clock._passed += 60
                    self.happen(member, kind)
                if number % 5 == 0:
                    self.happen(member, "order", amount="1200.50")
        self.clock.sleep(7200)

    def add_member(self, email: str, audience: Audience | None = None, **values: object) -> Member:
        """Add a member, as an admin would."""
        return changes.add_member(self.hub, audience or self.main, email, "subscribed", values)

    def happen(self, member: Member, kind: str, **more: object) -> None:
        """Let something happen with a member now."""
        events.happen(self.hub, member, {"kind": kind, **more})

    def member(self, found: str) -> Member:
        """Return the member of a record."""
        list_id, contact = split_id(found) or ("", "")
        member = self.hub.audiences[list_id].find(contact)
        assert member is not None
        return member

    def record_of(self, member: Member) -> str:
        """Return the record's id of a member."""
        return record_id(member.list_id, member.contact_id)

    def consent(self, url: str) -> tuple[str, str]:
        page = requests.get(url, timeout=10)
        assert page.ok, page.text
        found = re.search(r'name="request_id" value="([^"]+)"', page.text)
        assert found is not None
        form = {"request_id": found.group(1), "decision": "allow"}
        answer = requests.post(f"{self.sandbox.origin}/oauth2/authorize", form, allow_redirects=False, timeout=10)
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        return query["code"][0], query["state"][0]

    def person_ids(self) -> set[str]:
        members = (member for audience in self.hub.audiences.values() for member in audience.members())
        return {self.record_of(member) for member in members if member.status != "archived"}

    def add_person(self, email: str) -> str:
        with self.sandbox.stage.lock:
            return self.record_of(self.add_member(email))

    def rename_title(self, record_ids: Sequence[str], title: str) -> None:
        self.change(record_ids, {"JOBTITLE": title})

    def change(self, record_ids: Sequence[str], values: Mapping[str, object]) -> None:
        """Give members other values, as a user would."""
        with self.sandbox.stage.lock:
            for found in record_ids:
                changes.update_member(self.hub, self.member(found), values)

    def delete_person(self, record_id: str) -> None:
        with self.sandbox.stage.lock:
            changes.archive(self.hub, self.member(record_id))

    def vanish(self, record_id: str) -> bool:
        with self.sandbox.stage.lock:
            changes.delete_permanently(self.hub, self.member(record_id))
        return True

    def merge(self, winner: str, loser: str) -> str | None:
        return None

    def occupy_score_field(self) -> str:
        self.define(self.second, "LEADSCORE", "Lead score", "text")
        return "LEADSCORE"

    def title_field(self) -> str:
        return "JOBTITLE"

    def expire_tokens(self) -> None:
        raise AssertionError("Mailchimp's tokens do not expire.")

    def revoke(self) -> None:
        self.hub.grants.uninstall()

    def installed(self) -> bool:
        return self.hub.grants.installed()

    def pushes(self) -> bool:
        return any(hook.url == self.webhook_url for each in self.hub.audiences.values() for hook in each.hooks.values())

    def fail(self, trouble: Trouble, times: int, *, path: str = "") -> None:
        kind, status, seconds = FAULTS[trouble]
        self.sandbox.stage.faults.replace_all([Fault(kind, path=path, times=times, status=status, seconds=seconds)])

    def api_path(self) -> str:
        return "/3.0/"

    def write_path(self) -> str:
        return "/members/"

    def requests(self) -> int:
        return len(self.sandbox.stage.log.entries())

    def throttled(self) -> int:
        return int(self.sandbox.stage.log.summary()["rate_limited"])

    def busiest_share(self) -> float:
        return float(self.sandbox.stage.log.summary()["max_at_once"]) / self.settings.connections

    def delivery(self, record_id: str) -> Delivery:
        member = self.member(record_id)
        form = {
            "type": "profile",
            "fired_at": f"{self.clock.now():%Y-%m-%d %H:%M:%S}",
            "data[id]": changes.unique_id(member.email),
            "data[list_id]": member.list_id,
            "data[email]": member.email,
            "data[merges][JOBTITLE]": "Not to be believed",
        }
        body = urlencode(form).encode()
        stamp = str(int(self.clock.now().timestamp()))
        digest = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Mailchimp-Signature": f"t={stamp},v1={digest}",
        }
        return Delivery("POST", self.webhook_url, headers, body, self.settings.account_id, (SECRET,))

    def stop(self) -> None:
        self.sandbox.stop()
        self._listener.shutdown()
        self._listener.server_close()
