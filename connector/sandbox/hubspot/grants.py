"""Codes, tokens and installations: what OAuth leaves behind."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass

from connector.sandbox.clock import SkewedClock
from connector.sandbox.config import AppRegistration, Oauth
from connector.sandbox.hubspot.errors import ApiError, oauth_refusal


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """An install address that was opened and is waiting for the user's answer."""

    portal_id: int
    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str


@dataclass(frozen=True, slots=True)
class Code:
    """An authorisation code, good once and not for long."""

    request: ConsentRequest
    expires_at: float


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What an access token stands for. ``expires_at`` is on the monotonic clock."""

    portal_id: int
    scopes: tuple[str, ...]
    expires_at: float
    lifetime: float


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """The answer of the token endpoint."""

    access_token: str
    refresh_token: str
    portal_id: int
    scopes: tuple[str, ...]
    lifetime: float


def bad_refresh_token() -> ApiError:
    """Return what HubSpot answers once the app was uninstalled or the token revoked."""
    return oauth_refusal("invalid_grant", "BAD_REFRESH_TOKEN", "missing or invalid refresh token")


class Grants:
    """The one app's codes and tokens over all accounts. The caller holds the stage's lock."""

    def __init__(self, app: AppRegistration, oauth: Oauth, clock: SkewedClock) -> None:
        self.redirect_uris = app.redirect_uris
        self._oauth = oauth
        self._clock = clock
        self._consents: dict[str, ConsentRequest] = {}
        self._codes: dict[str, Code] = {}
        self._access: dict[str, AccessToken] = {}
        self._refresh: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._spent_refresh: dict[str, int] = {}

    def ask(self, request: ConsentRequest) -> str:
        """Remember an opened install address; return the name under which the answer comes."""
        name = secrets.token_urlsafe(16)
        self._consents[name] = request
        return name

    def answered(self, name: str) -> ConsentRequest | None:
        """Return and forget the request that a user answered."""
        return self._consents.pop(name, None)

    def issue_code(self, request: ConsentRequest) -> str:
        """Return a fresh code for a request that the user allowed."""
        code = f"na1-{secrets.token_urlsafe(24)}"
        self._codes[code] = Code(request, self._clock.monotonic() + self._oauth.code_seconds)
        return code

    def trade_code(self, code: str, redirect_uri: str, verifier: str) -> IssuedTokens:
        """Trade a code for tokens; raise 400 for a code that is spent, late or another address's."""
        kept = self._codes.pop(code, None)
        if kept is None or self._clock.monotonic() > kept.expires_at:
            raise oauth_refusal("invalid_grant", "BAD_AUTH_CODE", "missing or unknown auth code")
        if kept.request.redirect_uri != redirect_uri:
            raise oauth_refusal("invalid_grant", "MISMATCH_REDIRECT_URI_AUTH_CODE", "redirect URI mismatch")
        if kept.request.challenge and _challenge(verifier) != kept.request.challenge:
            raise oauth_refusal("invalid_grant", "BAD_CODE_VERIFIER", "code verifier does not match")
        return self._issue(kept.request.portal_id, kept.request.scopes, self._new_refresh(kept.request))

    def refresh(self, token: str) -> IssuedTokens:
        """Trade a refresh token for an access token. Under rotation, an old one's reuse revokes the installation."""
        if token in self._spent_refresh:
            self.uninstall(self._spent_refresh[token])
        if token not in self._refresh:
            raise bad_refresh_token()
        portal_id, scopes = self._refresh[token]
        if self._oauth.rotate:
            del self._refresh[token]
            self._spent_refresh[token] = portal_id
            token = self._keep_refresh(portal_id, scopes)
        return self._issue(portal_id, scopes, token)

    def access(self, token: str) -> AccessToken | None:
        """Return what an access token stands for, expired or not."""
        return self._access.get(token)

    def refresh_owner(self, token: str) -> tuple[int, tuple[str, ...]] | None:
        """Return account and scopes of a refresh token that is still good."""
        return self._refresh.get(token)

    def revoke_refresh(self, token: str) -> None:
        """Revoke a refresh token; access tokens already issued live on."""
        self._refresh.pop(token, None)

    def expire_access(self, portal_id: int) -> int:
        """Make an account's access tokens expired; return how many."""
        expired = [token for token, kept in self._access.items() if kept.portal_id == portal_id]
        for token in expired:
            kept = self._access[token]
            self._access[token] = AccessToken(kept.portal_id, kept.scopes, float("-inf"), kept.lifetime)
        return len(expired)

    def uninstall(self, portal_id: int) -> None:
        """Forget every token of an account."""
        self._access = {token: kept for token, kept in self._access.items() if kept.portal_id != portal_id}
        self._refresh = {token: kept for token, kept in self._refresh.items() if kept[0] != portal_id}

    def revoke_all_refresh(self, portal_id: int) -> None:
        """Revoke an account's refresh tokens."""
        self._refresh = {token: kept for token, kept in self._refresh.items() if kept[0] != portal_id}

    def installed(self, portal_id: int) -> bool:
        """Tell whether an account has the app."""
        return any(kept[0] == portal_id for kept in self._refresh.values())

    def _new_refresh(self, request: ConsentRequest) -> str:
        return self._keep_refresh(request.portal_id, request.scopes)

    def _keep_refresh(self, portal_id: int, scopes: tuple[str, ...]) -> str:
        token = f"na1-{secrets.token_urlsafe(32)}"
        self._refresh[token] = (portal_id, scopes)
        return token

    def _issue(self, portal_id: int, scopes: tuple[str, ...], refresh_token: str) -> IssuedTokens:
        lifetime = self._oauth.access_seconds
        access = f"C{secrets.token_urlsafe(200)}"
        self._access[access] = AccessToken(portal_id, scopes, self._clock.monotonic() + lifetime, lifetime)
        return IssuedTokens(access, refresh_token, portal_id, scopes, lifetime)


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
