"""A visitor of a sandbox: installs the app as a browser would, and calls the API over real HTTP."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from hubspot import HubSpot

from connector.sandbox import RunningSandbox

REDIRECT = "http://localhost/oauth/callback"
SCOPES = (
    "oauth crm.objects.contacts.read crm.objects.contacts.write crm.schemas.contacts.read crm.schemas.contacts.write "
    "crm.objects.deals.read crm.objects.deals.write crm.objects.companies.read crm.objects.companies.write "
    "sales-email-read forms content"
)
CLIENT = {"client_id": "sandbox-client", "client_secret": "sandbox-secret"}


class Visitor:
    """One browser and one API client of a running sandbox."""

    def __init__(self, running: RunningSandbox, scopes: str = SCOPES) -> None:
        self.origin = running.origin
        self.session = requests.Session()
        self.portal_id = running.stage.config.portals[0].portal_id
        self.scopes = scopes
        self.tokens: dict[str, Any] = {}

    def consent(self, **changed: str) -> requests.Response:
        """Open the consent page."""
        asked = {"client_id": CLIENT["client_id"], "redirect_uri": REDIRECT, "scope": self.scopes, "state": "s"}
        return self.session.get(f"{self.origin}/oauth/authorize", params={**asked, **changed})

    def answer(self, decision: str = "allow", **changed: str) -> dict[str, str]:
        """Answer the consent page; return the query of the redirect."""
        page = self.consent(**changed)
        match = re.search(r'name="request_id" value="([^"]+)"', page.text)
        assert match
        answered = self.session.post(
            f"{self.origin}/oauth/authorize",
            data={"request_id": match.group(1), "decision": decision},
            allow_redirects=False,
        )
        assert answered.status_code == 302
        return {key: values[0] for key, values in parse_qs(urlsplit(answered.headers["Location"]).query).items()}

    def token(self, **form: str) -> requests.Response:
        """Call the token endpoint."""
        return self.session.post(f"{self.origin}/oauth/2026-03/token", data={**CLIENT, **form})

    def trade(self, code: str, **changed: str) -> requests.Response:
        """Trade a code."""
        return self.token(**{"grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT, **changed})

    def refresh(self, token: str) -> requests.Response:
        """Trade a refresh token."""
        return self.token(grant_type="refresh_token", refresh_token=token)

    def install(self) -> Visitor:
        """Install the app and keep its tokens."""
        self.tokens = self.trade(self.answer()["code"]).json()
        self.session.headers["Authorization"] = f"Bearer {self.tokens['access_token']}"
        return self

    def get(self, path: str, **params: Any) -> requests.Response:
        """GET an API path."""
        return self.session.get(self.origin + path, params=params)

    def post(self, path: str, body: Any) -> requests.Response:
        """POST JSON to an API path."""
        return self.session.post(self.origin + path, json=body)

    def admin(self, path: str, body: Any = None) -> requests.Response:
        """POST to the sandbox's controls."""
        return self.session.post(f"{self.origin}/_sandbox{path}", json=body or {})

    def contact(self, **properties: str) -> str:
        """Let a user create a contact; return its id."""
        made = self.admin(f"/accounts/{self.portal_id}/contacts", {"properties": properties})
        return str(made.json()["id"])

    def contacts(self, count: int, prefix: str) -> list[str]:
        """Create many contacts; return their ids."""
        return [self.contact(email=f"{prefix}-{number}@example.com") for number in range(count)]

    def sdk(self) -> HubSpot:
        """Return the vendor's own client library over this sandbox."""
        return HubSpot(access_token=self.tokens["access_token"], host=self.origin)

    def search(self, **body: Any) -> requests.Response:
        """Search contacts."""
        return self.post("/crm/objects/2026-03/contacts/search", body)
