"""Addresses that are one party's alone: to which a vendor pushes for one connection, at which a recipient of messages
takes itself off the list. Unguessable, and checked before anything is read.

The key in an address is what it is for with a keyed hash of it (HMAC-SHA256), so that no secret
needs to be stored and none can be made up. What an admin enters in the CRM to sign with is made the same way.
What was made with an older one of the deployment's keys is as good, so that a new key asks nobody to do anything.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from connector.crypto import SecretKeys

_HOOK, _SIGN, _UNSUBSCRIBE = b"hook:", b"sign:", b"unsubscribe:"


@dataclass(frozen=True, slots=True)
class HookAddresses:
    """``public_url`` is the product's own origin, ``keys`` the deployment's secrets."""

    public_url: str
    keys: SecretKeys

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
        return self._addresses(vendor, connection_id)[0]

    def former(self, vendor: str, connection_id: UUID) -> tuple[str, ...]:
        """Return the addresses of one connection that were made with older keys."""
        return self._addresses(vendor, connection_id)[1:]

    def connection(self, key: str) -> UUID | None:
        """Return the connection whose address ends in ``key``; None where we never made that address."""
        try:
            connection_id = UUID(hex=key[:32])
        except ValueError:
            return None
        return connection_id if self.keys.made(_told(_HOOK, connection_id), key[32:]) else None

    def signing_secret(self, connection_id: UUID) -> str:
        """Return what the connection's CRM is to sign with, where its admin enters a secret of ours."""
        return self.keys.digest(_told(_SIGN, connection_id))

    def signing_secrets(self, connection_id: UUID) -> tuple[str, ...]:
        """Return what the connection's CRM may sign with: its admin may have entered that of an older key."""
        return self.keys.digests(_told(_SIGN, connection_id))

    def unsubscribe(self, tenant_id: UUID, recipient_id: UUID) -> str:
        """Return the address at which one recipient of messages takes itself off the list."""
        mark = self.keys.digest(_told(_UNSUBSCRIBE, tenant_id, recipient_id))
        return f"{self.public_url}/unsubscribe/{tenant_id.hex}{recipient_id.hex}{mark}"

    def unsubscribing(self, key: str) -> tuple[UUID, UUID] | None:
        """Return (tenant, recipient) of an address that ends in ``key``; None where we never made that address."""
        try:
            tenant_id, recipient_id = UUID(hex=key[:32]), UUID(hex=key[32:64])
        except ValueError:
            return None
        good = self.keys.made(_told(_UNSUBSCRIBE, tenant_id, recipient_id), key[64:])
        return (tenant_id, recipient_id) if good else None

    def _addresses(self, vendor: str, connection_id: UUID) -> tuple[str, ...]:
        begin = f"{self.public_url}/webhooks/{vendor}/{connection_id.hex}"
        return tuple(begin + mark for mark in self.keys.digests(_told(_HOOK, connection_id)))


def _told(purpose: bytes, *ids: UUID) -> bytes:
    return purpose + b"".join(one.bytes for one in ids)
