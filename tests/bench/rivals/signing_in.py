"""Tokens of a sandbox account, given out by its consent page."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import requests

from connector.adapters.contract import AppCredentials
from connector.adapters.registry import build
from connector.clock import SystemClock
from connector.demo.browser import consent
from tests.bench.line.setting import REDIRECT

CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
_VERIFIER = "v" * 43


@dataclass(frozen=True, slots=True)
class Signed:
    """What a program needs to read the account."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    client_id: str = CLIENT_ID
    client_secret: str = field(default=CLIENT_SECRET, repr=False)


def sign_in(vendor: str, origin: str) -> Signed:
    """Go through the vendor's own consent page."""
    app = build(vendor, AppCredentials(CLIENT_ID, CLIENT_SECRET, origin, origin, REDIRECT, ""))
    verifier = _VERIFIER if app.capabilities.pkce else None
    login = next(iter(app.capabilities.logins), None)
    landed = consent(requests.Session(), app.authorize_url("state-of-the-bench", verifier, login))
    code = parse_qs(urlsplit(landed).query)["code"][0]
    grant = app.exchange_code(code, verifier, SystemClock().now(), login)
    return Signed(grant.tokens.access_token, grant.tokens.refresh_token)
