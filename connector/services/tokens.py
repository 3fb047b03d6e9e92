"""Access tokens: decrypted when needed, refreshed before they expire, once.

Under refresh-token rotation two refreshes at once disconnect the tenant. So the right
to refresh is a conditional update on the connection's row (all workers see it), the
new tokens are committed before anyone uses them, and the version fences a late loser.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from connector.adapters.contract import CrmApp
from connector.crashpoints import Point, reached
from connector.errors import ConnectorError, Disconnected, RetryLater
from connector.records import Tokens
from connector.services import goodbye
from connector.services.context import Services
from connector.store import connections
from connector.store.connections import CrmConnection, StoredTokens
from connector.store.session import UNAVAILABLE

log = logging.getLogger("connector.tokens")

MARGIN = timedelta(seconds=120)
"""Refresh this long before expiry, so that no request travels with a dying token."""
_REFRESH_CLAIM = timedelta(seconds=180)
"""Longer than a database is likely to be away between the vendor's answer and our keeping it."""
_OUTLIVES_A_REQUEST = timedelta(seconds=45)
_CLAIM_USED_WITHIN_SECONDS = 5.0
_WAIT_STEP_SECONDS = 0.2
_WAIT_STEPS = 200
_KEEPING_SECONDS, _LONGEST_PAUSE_SECONDS = 150.0, 5.0
"""Less than the claim: nobody else refreshes meanwhile."""


def encrypt(
    services: Services, connection: CrmConnection | tuple[UUID, UUID], tokens: Tokens, version: int
) -> StoredTokens:
    """Encrypt tokens for one tenant's connection (given as (tenant id, connection id) before it is read)."""
    tenant_id, connection_id = connection if isinstance(connection, tuple) else (connection.tenant_id, connection.id)
    seal = services.cipher.encrypt
    owner = {"tenant_id": str(tenant_id), "connection_id": str(connection_id)}
    refresh = seal(tokens.refresh_token, **owner) if tokens.refresh_token else None
    return StoredTokens(seal(tokens.access_token, **owner), refresh, tokens.expires_at, version)


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Hands out access tokens of one connection."""

    services: Services
    app: CrmApp
    connection: CrmConnection

    def token(self) -> str:
        """Return a token that outlives a request; whoever asks first from ``MARGIN`` before its end on refreshes it."""
        stored, now = self._stored(), self.services.clock.now()
        if stored.expires_at is None or stored.expires_at - MARGIN > now:
            return self._unsealed(stored.access_token)
        return self._refreshed(stored, waits=stored.expires_at - _OUTLIVES_A_REQUEST <= now)

    def grant(self) -> str | None:
        """Return the refresh token, if the vendor gave one: it stands for the whole grant."""
        return self._open(self._stored()).refresh_token

    def refused(self, token: str) -> str:
        """Return another token than the one that the vendor just refused."""
        stored = self._stored()
        current = self._open(stored).access_token
        return current if current != token else self._refreshed(stored)

    def renew(self, since: datetime) -> None:
        """Refresh tokens that were saved before ``since``, so that the grant does not end unused."""
        stored = self._stored()
        if stored.saved_at is None or stored.saved_at < since:
            self._refreshed(stored)

    def _stored(self) -> StoredTokens:
        with self.services.store.reading(self.connection.tenant_id) as session:
            stored = connections.tokens(session, self.connection.id)
        if stored.access_token is None:
            raise self._gone()
        return stored

    def _gone(self) -> Disconnected:
        label = self.app.capabilities.label
        return Disconnected(
            f"{label} account {self.connection.account_id} is disconnected.",
            remedy=f"Install the app in {label} again.",
        )

    def _open(self, stored: StoredTokens) -> Tokens:
        refresh = self._unsealed(stored.refresh_token) if stored.refresh_token else None
        return Tokens(self._unsealed(stored.access_token), refresh, stored.expires_at)

    def _unsealed(self, token: str) -> str:
        owner = {"tenant_id": str(self.connection.tenant_id), "connection_id": str(self.connection.id)}
        return self.services.cipher.decrypt(token, **owner)

    def _refreshed(self, stored: StoredTokens, *, waits: bool = True) -> str:
        """Refresh, or wait for whoever is refreshing already; unless it ``waits``, go on with what there is."""
        for _ in range(_WAIT_STEPS):
            begun = self.services.clock.monotonic()
            if self._claim(stored.version):
                return self._refresh(stored, begun)
            latest = self._stored()
            if latest.version != stored.version or not waits:
                return self._open(latest).access_token
            self.services.clock.sleep(_WAIT_STEP_SECONDS)
        raise RetryLater(f"The token of connection {self.connection.id} is being refreshed for too long.")

    def _claim(self, version: int) -> bool:
        now = self.services.clock.now()
        with self.services.store.transaction(self.connection.tenant_id) as session:
            return connections.claim_refresh(session, self.connection.id, version, now, now + _REFRESH_CLAIM)

    def _refresh(self, stored: StoredTokens, begun: float) -> str:
        reached(Point.REFRESH_CLAIMED)
        if self.services.clock.monotonic() - begun > _CLAIM_USED_WITHIN_SECONDS:
            # This process stood still: by the time the vendor answers, somebody else may have spent the token.
            raise RetryLater(f"The right to refresh connection {self.connection.id} was not used in time.")
        try:
            fresh = self.app.refresh(self._open(stored), self.services.clock.now(), self.connection.api_origin)
        except Disconnected as error:
            mark_disconnected(self.services, self.connection, str(error))
            raise
        except ConnectorError:
            with self.services.store.transaction(self.connection.tenant_id) as session:
                connections.release_refresh(session, self.connection.id)
            raise
        reached(Point.REFRESH_ANSWERED)
        sealed = encrypt(self.services, self.connection, fresh, stored.version)
        kept = self._kept(sealed)
        reached(Point.REFRESH_KEPT)
        if not kept:
            # The claim ran out while the vendor answered and someone else refreshed: theirs is newer.
            return self._open(self._stored()).access_token
        return fresh.access_token

    def _kept(self, sealed: StoredTokens) -> bool:
        """Keep new tokens, however often the database fails at first: under rotation nobody gives them again."""
        clock, pause = self.services.clock, 0.2
        end = clock.monotonic() + _KEEPING_SECONDS
        while clock.monotonic() < end:
            try:
                return self._save(sealed)
            except UNAVAILABLE:
                log.warning("new tokens of connection %s can't be kept yet", self.connection.id)
                clock.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
        return self._save(sealed)

    def _save(self, sealed: StoredTokens) -> bool:
        with self.services.store.transaction(self.connection.tenant_id) as session:
            return connections.save_tokens(session, self.connection.id, sealed, self.services.clock.now())


def mark_disconnected(services: Services, connection: CrmConnection, reason: str) -> None:
    """Stop using a connection whose grant is gone and destroy its tokens."""
    with services.store.transaction(connection.tenant_id) as session:
        goodbye.stop(services, session, connection.id, reason)
