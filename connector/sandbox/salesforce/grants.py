"""Codes, sessions and refresh tokens: what OAuth leaves behind.

Sources: REST guide "Web Server OAuth flow" (a code lives 15 minutes and works once), help "Enable
Refresh Token Rotation Control" (a used token's return ends the grant), "Limit the Idle Refresh Token
TTL" (30 days), "Application Access Request Approved" (five grants of one user, then the oldest ends).
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field

from connector.sandbox.clock import SkewedClock
from connector.sandbox.config import AppRegistration, Oauth
from connector.sandbox.salesforce.errors import ApiError, oauth_refusal

CODE_SECONDS = 900.0
IDLE_SECONDS = 30 * 86_400.0
MOST_GRANTS = 5
REFRESH_SCOPES = frozenset({"refresh_token", "offline_access"})


@dataclass(frozen=True, slots=True)
class ConsentRequest:
    """An install address that was opened and is waiting for the user's answer."""

    redirect_uri: str
    state: str
    scopes: tuple[str, ...]
    challenge: str


@dataclass(slots=True, eq=False)
class Grant:
    """One approval of the app: its live refresh token, those spent by rotation, and its sessions.

    ``sessions`` maps an access token to the monotonic second at which it ends, unless it is used before.
    """

    scopes: tuple[str, ...]
    used_at: float
    refresh_token: str | None
    spent: set[str] = field(default_factory=set)
    sessions: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issued:
    """What the token endpoint gives. ``refresh_token`` None: none, or the one before stays."""

    access_token: str
    refresh_token: str | None
    scopes: tuple[str, ...]


def dead_token() -> ApiError:
    """Return what a refresh token that is revoked, spent or too long idle is answered."""
    return oauth_refusal("invalid_grant", "expired access/refresh token")


class Grants:
    """The app's grants in the org. The caller holds the stage's lock."""

    def __init__(self, app: AppRegistration, oauth: Oauth, clock: SkewedClock) -> None:
        self.redirect_uris = app.redirect_uris
        self._oauth = oauth
        self._clock = clock
        self._consents: dict[str, ConsentRequest] = {}
        self._codes: dict[str, tuple[ConsentRequest, float]] = {}
        self._grants: list[Grant] = []

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
        code = f"aPrx{secrets.token_urlsafe(48)}=="
        self._codes[code] = (request, self._clock.monotonic() + CODE_SECONDS)
        return code

    def trade_code(self, code: str, redirect_uri: str, verifier: str) -> Issued:
        """Trade a code for a session; raise 400 for a code that is spent, late or another address's."""
        request, expires_at = self._codes.pop(code, (None, 0.0))
        if request is None:
            raise oauth_refusal("invalid_grant", "invalid authorization code")
        if self._clock.monotonic() > expires_at:
            raise oauth_refusal("invalid_grant", "expired authorization code")
        if request.redirect_uri != redirect_uri:
            raise oauth_refusal("redirect_uri_mismatch", "redirect_uri must match configuration")
        if not verifier:
            raise oauth_refusal("invalid_grant", "code verifier is required")
        if _challenge(verifier) != request.challenge:
            raise oauth_refusal("invalid_request", "invalid code verifier")
        refreshes = bool(REFRESH_SCOPES & set(request.scopes))
        grant = Grant(request.scopes, self._clock.monotonic(), _refresh_token() if refreshes else None)
        self._grants.append(grant)
        for oldest in [each for each in self._grants if each.refresh_token][:-MOST_GRANTS]:
            self._grants.remove(oldest)
        return Issued(self._session(grant), grant.refresh_token, grant.scopes)

    def refresh(self, token: str) -> Issued:
        """Trade a refresh token for a session; a spent one's return ends the grant."""
        for grant in self._grants:
            if token in grant.spent:
                self._grants.remove(grant)
                raise dead_token()
            if token and token == grant.refresh_token:
                return self._refreshed(grant)
        raise dead_token()

    def _refreshed(self, grant: Grant) -> Issued:
        now = self._clock.monotonic()
        if now - grant.used_at > IDLE_SECONDS:
            self._grants.remove(grant)
            raise dead_token()
        grant.used_at = now
        rotated = None
        if self._oauth.rotate and grant.refresh_token:
            grant.spent.add(grant.refresh_token)
            grant.refresh_token = rotated = _refresh_token()
        return Issued(self._session(grant), rotated, grant.scopes)

    def use(self, access_token: str) -> Grant | None:
        """Return the grant of a session that is alive, whose end moves with each use."""
        found = self.session(access_token)
        if found is None:
            return None
        found[0].sessions[access_token] = self._clock.monotonic() + self._oauth.access_seconds
        return found[0]

    def session(self, access_token: str) -> tuple[Grant, float] | None:
        """Return the grant of a session that is alive, and the seconds that it has left."""
        for grant in self._grants:
            left = grant.sessions.get(access_token, float("-inf")) - self._clock.monotonic()
            if left > 0:
                return grant, left
        return None

    def refreshable(self, token: str) -> Grant | None:
        """Return the grant of a live refresh token."""
        return next((each for each in self._grants if token and token == each.refresh_token), None)

    def revoke(self, token: str) -> bool:
        """End a grant by its refresh token, or one session by its access token; tell whether there was one."""
        grant = self.refreshable(token)
        if grant is not None:
            self._grants.remove(grant)
            return True
        return any(each.sessions.pop(token, None) is not None for each in self._grants)

    def expire_sessions(self) -> int:
        """End all sessions; return how many."""
        ended = sum(len(each.sessions) for each in self._grants)
        for grant in self._grants:
            grant.sessions.clear()
        return ended

    def revoke_refresh(self) -> None:
        """End all refresh tokens; sessions live on."""
        for grant in self._grants:
            grant.refresh_token = None

    def uninstall(self) -> None:
        """End every grant."""
        self._grants.clear()

    def installed(self) -> bool:
        """Tell whether the org has a live grant."""
        return any(each.refresh_token for each in self._grants)

    def _session(self, grant: Grant) -> str:
        token = f"00DgK0000004711!{secrets.token_urlsafe(72)}"
        grant.sessions[token] = self._clock.monotonic() + self._oauth.access_seconds
        return token


def _refresh_token() -> str:
    return f"5Aep861{secrets.token_urlsafe(56)}"


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
