"""Tokens for a goodbye: found where no other call looks for them, gone as soon as it is said."""

from __future__ import annotations

from dataclasses import dataclass

from connector.adapters.contract import CrmApp
from connector.errors import Disconnected
from connector.records import Tokens
from connector.services.context import Services
from connector.services.tokens import MARGIN, encrypt
from connector.store import departures
from connector.store.connections import CrmConnection


@dataclass(frozen=True, slots=True)
class PartingTokens:
    """Hands out the access tokens of an account that was left, to the one worker who says goodbye."""

    services: Services
    app: CrmApp
    connection: CrmConnection

    def token(self) -> str:
        """Return a token that is still good; raises ``Disconnected`` where the account is connected again."""
        held = self._held()
        if held.expires_at is not None and held.expires_at - MARGIN <= self.services.clock.now():
            return self._refreshed(held)
        return held.access_token

    def grant(self) -> str | None:
        """Return the refresh token, if the vendor gave one."""
        return self._held().refresh_token

    def refused(self, token: str) -> str:
        """Return another token than the one that the vendor just refused; raises ``Disconnected`` where it was good.

        Then the grant is gone already: perhaps an earlier goodbye arrived although its answer did not.
        """
        held = self._held()
        if held.access_token != token:
            return held.access_token
        if held.expires_at is not None:
            raise Disconnected("The CRM took the grant back before.", remedy="Nothing is to do.")
        return self._refreshed(held)

    def _held(self) -> Tokens:
        with self.services.store.reading(self.connection.tenant_id) as session:
            stored = departures.tokens(session, self.connection.id)
        if stored is None:
            raise Disconnected("The goodbye was said, or the account is connected again.", remedy="Nothing is to do.")
        owner = {"tenant_id": str(self.connection.tenant_id), "connection_id": str(self.connection.id)}
        unseal = self.services.cipher.decrypt
        refresh = unseal(stored.refresh_token, **owner) if stored.refresh_token else None
        return Tokens(unseal(stored.access_token, **owner), refresh, stored.expires_at)

    def _refreshed(self, held: Tokens) -> str:
        fresh = self.app.refresh(held, self.services.clock.now(), self.connection.api_origin)
        sealed = encrypt(self.services, self.connection, fresh, 0)
        with self.services.store.transaction(self.connection.tenant_id) as session:
            departures.keep_tokens(session, self.connection.id, sealed)
        return fresh.access_token
