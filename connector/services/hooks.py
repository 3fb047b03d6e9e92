"""Addresses that are one party's alone: to which a vendor pushes for one connection, at which a recipient of messages
takes itself off the list. Unguessable, and checked before anything is read.

The key in an address is what it is for with a keyed hash of it (HMAC-SHA256), so that no secret
needs to be stored and none can be made up. What an admin enters in the CRM to sign with is made the same way.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HookAddresses:
    """``public_url`` is the product's own origin, ``secret_key`` the deployment's secret."""

    public_url: str
    secret_key: str = field(repr=False)

    @property
    def public(self) -> bool:
        """Tell whether another machine can push here at all: not to an address that means "this machine"."""
        host = urlsplit(self.public_url).hostname or ""
        try:
            return not ipaddress.ip_address(host).is_loopback
        except ValueError:
            return host != "localhost"

    def of(self, vendor: str, connection_id: UUID) -> str:
        """Return the address that belongs to one connection alone."""
        return f"{self.public_url}/webhooks/{vendor}/{connection_id.hex}{self._mark(connection_id)}"

    def connection(self, key: str) -> UUID | None:
        """Return the connection whose address ends in ``key``; None where we never made that address."""
        try:
            connection_id = UUID(hex=key[:32])
        except ValueError:
            return None
        return connection_id if hmac.compare_digest(key[32:].encode(), self._mark(connection_id).encode()) else None

    def signing_secret(self, connection_id: UUID) -> str:
        """Return what the connection's CRM signs with, where its admin enters a secret of ours."""
        return self._keyed(b"sign:", connection_id)

    def unsubscribe(self, tenant_id: UUID, recipient_id: UUID) -> str:
        """Return the address at which one recipient of messages takes itself off the list."""
        return f"{self.public_url}/unsubscribe/{tenant_id.hex}{recipient_id.hex}{self._left(tenant_id, recipient_id)}"

    def unsubscribing(self, key: str) -> tuple[UUID, UUID] | None:
        """Return (tenant, recipient) of an address that ends in ``key``; None where we never made that address."""
        try:
            tenant_id, recipient_id = UUID(hex=key[:32]), UUID(hex=key[32:64])
        except ValueError:
            return None
        good = hmac.compare_digest(key[64:].encode(), self._left(tenant_id, recipient_id).encode())
        return (tenant_id, recipient_id) if good else None

    def _left(self, tenant_id: UUID, recipient_id: UUID) -> str:
        return self._keyed(b"unsubscribe:", tenant_id, recipient_id)

    def _mark(self, connection_id: UUID) -> str:
        return self._keyed(b"hook:", connection_id)

    def _keyed(self, purpose: bytes, *ids: UUID) -> str:
        told = purpose + b"".join(one.bytes for one in ids)
        return hmac.new(self.secret_key.encode(), told, hashlib.sha256).hexdigest()
