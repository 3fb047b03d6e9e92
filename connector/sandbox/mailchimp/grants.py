"""Codes and tokens. Mailchimp's tokens never expire; there is nothing to refresh."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from connector.sandbox.clock import SkewedClock
from connector.sandbox.config import AppRegistration, Oauth


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """An install address that was opened and is waiting for the user's answer."""

    redirect_uri: str
    state: str


class Grants:
    """The app's codes and tokens. The caller holds the stage's lock."""

    def __init__(self, app: AppRegistration, oauth: Oauth, clock: SkewedClock) -> None:
        self.redirect_uris = app.redirect_uris
        self._code_seconds = oauth.code_seconds
        self._clock = clock
        self._consents: dict[str, ConsentRequest] = {}
        self._codes: dict[str, tuple[str, float]] = {}
        self._tokens: set[str] = set()

    def ask(self, request: ConsentRequest) -> str:
        """Remember an opened install address; return the name under which the answer comes."""
        name = secrets.token_urlsafe(16)
        self._consents[name] = request
        return name

    def answered(self, name: str) -> ConsentRequest | None:
        """Return and forget the request that a user answered."""
        return self._consents.pop(name, None)

    def issue_code(self, redirect_uri: str) -> str:
        """Return a fresh code for a request that the user allowed."""
        code = secrets.token_hex(16)
        self._codes[code] = (redirect_uri, self._clock.monotonic() + self._code_seconds)
        return code

    def trade_code(self, code: str, redirect_uri: str) -> str | None:
        """Trade a code for a token; None for a code that is spent, late or another address's."""
        address, expires_at = self._codes.pop(code, ("", 0.0))
        if address != redirect_uri or not address or self._clock.monotonic() > expires_at:
            return None
        token = secrets.token_hex(16)
        self._tokens.add(token)
        return token

    def knows(self, token: str) -> bool:
        """Tell whether a token is good."""
        return token in self._tokens

    def installed(self) -> bool:
        """Tell whether the account has the app."""
        return bool(self._tokens)

    def uninstall(self) -> None:
        """End every token, as the user does who removes the app from the account."""
        self._tokens.clear()
