"""A visitor of the Mailchimp sandbox: installs the app as a browser would, and calls the API over real HTTP."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import mailchimp_marketing
import requests

from connector.sandbox import RunningSandbox
from connector.sandbox.mailchimp.hub import Hub

REDIRECT = "http://localhost/oauth/callback"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


class Visitor:
    """One browser and one API client of a running sandbox."""

    def __init__(self, running: RunningSandbox) -> None:
        self.origin = running.origin
        self.running = running
        self.session = requests.Session()
        self.account_id = running.stage.config.mailchimp.account_id
        self.access_token = ""

    @property
    def hub(self) -> Hub:
        """The sandbox's own data."""
        found: Hub = self.running.vendor_state
        return found

    @property
    def main(self) -> str:
        """The id of the main audience."""
        return self.hub.main.list_id

    def consent(self, **changed: str) -> requests.Response:
        """Open the consent page."""
        asked = {"response_type": "code", "client_id": CLIENT["client_id"], "redirect_uri": REDIRECT, "state": "s"}
        return self.session.get(f"{self.origin}/oauth2/authorize", params={**asked, **changed})

    def answer(self, decision: str = "allow") -> dict[str, str]:
        """Answer the consent page; return the query of the redirect."""
        match = re.search(r'name="request_id" value="([^"]+)"', self.consent().text)
        assert match
        answered = self.session.post(
            f"{self.origin}/oauth2/authorize",
            data={"request_id": match.group(1), "decision": decision},
            allow_redirects=False,
        )
        assert answered.status_code == 302
        return {key: values[0] for key, values in parse_qs(urlsplit(answered.headers["Location"]).query).items()}

    def trade(self, code: str, **changed: str) -> requests.Response:
        """Trade a code for a token."""
        form = {**CLIENT, "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **changed}
        return self.session.post(f"{self.origin}/oauth2/token", data=form)

    def metadata(self, token: str) -> requests.Response:
        """Ask where the account lives."""
        return self.session.get(f"{self.origin}/oauth2/metadata", headers={"Authorization": f"OAuth {token}"})

    def install(self) -> Visitor:
        """Install the app and keep its token."""
        self.access_token = self.trade(self.answer()["code"]).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {self.access_token}"
        return self

    def call(self, method: str, path: str, body: Any = None, **params: Any) -> requests.Response:
        """Call an API path below ``/3.0``."""
        return self.session.request(method, f"{self.origin}/3.0{path}", json=body, params=params)

    def get(self, path: str, **params: Any) -> Any:
        """GET an API path; return the JSON of a 200."""
        answer = self.call("GET", path, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def add(self, email: str, status: str = "subscribed", **merge: Any) -> dict[str, Any]:
        """Add a member to the main audience by the API."""
        body = {"email_address": email, "status": status, "merge_fields": merge}
        answer = self.call("POST", f"/lists/{self.main}/members", body)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def admin(self, path: str, body: Any = None) -> requests.Response:
        """POST to the sandbox's controls."""
        return self.session.post(f"{self.origin}/_sandbox{path}", json=body or {})

    def sdk(self) -> mailchimp_marketing.Client:
        """Return the vendor's own client library over this sandbox."""
        client = mailchimp_marketing.Client({"access_token": self.access_token, "server": "us19"})
        client.api_client.host = f"{self.origin}/3.0"
        return client
