"""A visitor of the Salesforce sandbox: installs the app as a browser would, and calls the API over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from simple_salesforce import Salesforce

from connector.sandbox import RunningSandbox
from connector.sandbox.salesforce.hub import Hub

REDIRECT = "http://localhost/oauth/callback"
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
BASE = "/services/data/v68.0"


class PlainHttp(requests.Session):
    """Sends what the SDK addresses to https (it knows nothing else) to the sandbox's plain port."""

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(method, url.replace("https://127.0.0.1", "http://127.0.0.1"), *args, **kwargs)


class Visitor:
    """One browser and one API client of a running sandbox."""

    def __init__(self, running: RunningSandbox) -> None:
        self.origin = running.origin
        self.hub: Hub = running.vendor_state
        self.session = requests.Session()
        self.tokens: dict[str, Any] = {}

    def consent(self, **changed: str) -> requests.Response:
        """Open the consent page."""
        asked = {
            "response_type": "code",
            "client_id": CLIENT["client_id"],
            "redirect_uri": REDIRECT,
            "scope": "api refresh_token",
            "state": "s",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        url = f"{self.origin}/services/oauth2/authorize"
        return self.session.get(url, params={**asked, **changed}, allow_redirects=False)

    def answer(self, decision: str = "allow", **changed: str) -> dict[str, str]:
        """Answer the consent page; return the query of the redirect."""
        match = re.search(r'name="request_id" value="([^"]+)"', self.consent(**changed).text)
        assert match
        answered = self.session.post(
            f"{self.origin}/services/oauth2/authorize",
            data={"request_id": match.group(1), "decision": decision},
            allow_redirects=False,
        )
        assert answered.status_code == 302
        return query_of(answered)

    def token(self, **form: str) -> requests.Response:
        """Call the token endpoint."""
        return self.session.post(f"{self.origin}/services/oauth2/token", data={**CLIENT, **form})

    def trade(self, code: str, **changed: str) -> requests.Response:
        """Trade a code."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, "code_verifier": VERIFIER}
        return self.token(**{**form, **changed})

    def refresh(self, token: str) -> requests.Response:
        """Trade a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=token)

    def install(self) -> Visitor:
        """Install the app and keep its tokens."""
        self.take(self.trade(self.answer()["code"]).json())
        return self

    def take(self, tokens: Mapping[str, Any]) -> None:
        """Work with these tokens from now on."""
        self.tokens = dict(tokens)
        self.session.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET an API path below the version."""
        return self.session.get(self.origin + BASE + path, params=params)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """Send JSON to an API path below the version."""
        return self.session.request(method, self.origin + BASE + path, json=body, headers=headers)

    def query(self, *parts: str, everything: bool = False) -> list[dict[str, Any]]:
        """Return the records of the first page of the query that the parts make."""
        answer = self.get("/queryAll" if everything else "/query", q=" ".join(parts))
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["records"]
        return found

    def refusal(self, text: str) -> tuple[str, str]:
        """Return (errorCode, message) of a query that is refused."""
        answer = self.get("/query", q=text)
        assert answer.status_code == 400
        return answer.json()[0]["errorCode"], answer.json()[0]["message"]

    def admin(self, path: str, body: Any = None) -> requests.Response:
        """POST to the sandbox's controls."""
        return self.session.post(f"{self.origin}/_sandbox{path}", json=body or {})

    def lead(self, **properties: Any) -> str:
        """Let a user create a lead; return its id."""
        path = f"/accounts/{self.hub.org.org_id}/contacts"
        return str(self.admin(path, {"properties": {"Company": "Acme", **properties}}).json()["id"])

    def happen(self, person: str, kind: str, **more: Any) -> str:
        """Let something happen with a person; return the id of its record."""
        told = self.admin(f"/accounts/{self.hub.org.org_id}/contacts/{person}/events", {"kind": kind, **more})
        assert told.status_code == 201, told.text
        return str(told.json()["id"])

    def do(self, person: str, action: str, **body: Any) -> dict[str, Any]:
        """Let a user do something with a person: merge, convert, archive, restore, gdpr-delete."""
        told = self.admin(f"/accounts/{self.hub.org.org_id}/contacts/{person}/{action}", body)
        assert told.ok, told.text
        shown: dict[str, Any] = told.json() if told.content else {}
        return shown

    def set(self, person: str, **properties: Any) -> None:
        """Let a user change a person."""
        path = f"/accounts/{self.hub.org.org_id}/contacts/{person}"
        assert self.admin(path, {"properties": properties}).status_code == 204

    def leads(self, count: int, prefix: str) -> list[str]:
        """Create many leads; return their ids."""
        return [self.lead(LastName=f"{prefix}{number:04d}") for number in range(count)]

    def sdk(self) -> Salesforce:
        """Return a client library that was not written for this sandbox."""
        return Salesforce(
            session_id=self.tokens["access_token"], instance_url=self.origin, version="68.0", session=PlainHttp()
        )


def query_of(redirect: requests.Response) -> dict[str, str]:
    """Return the query of a redirect's target."""
    found = parse_qs(urlsplit(redirect.headers["Location"]).query)
    return {key: values[0] for key, values in found.items()}
