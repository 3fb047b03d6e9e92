"""Secrets at rest: AES-256-GCM bound to the tenant and the connection that own them; seals on the ledger's heads;
hashes under the deployment's secret keys.

A sealed text is ``v1.<key id>.<base64 of nonce and ciphertext>``. The associated data
make a token that was copied to another tenant's row unreadable there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from connector.errors import CorruptSecret

_VERSION = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
"""NIST SP 800-38D recommends 96-bit nonces; random ones are safe up to 2^32 messages a key."""


def new_key() -> str:
    """Return a fresh random key in the form that ``CONNECTOR_ENCRYPTION_KEYS`` takes."""
    return base64.urlsafe_b64encode(os.urandom(_KEY_BYTES)).decode()


def keyed_hash(key: str, text: str) -> str:
    """Return HMAC-SHA256 of ``text`` in hex: recognises a value again without storing it."""
    return hmac.new(base64.urlsafe_b64decode(key), text.encode(), hashlib.sha256).hexdigest()


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"key id" + key).hexdigest()[:8]


class TokenCipher:
    """Seals and opens tokens; the first key seals, every key opens."""

    def __init__(self, keys: Sequence[str]) -> None:
        raw = [base64.urlsafe_b64decode(key) for key in keys]
        self._newest = _key_id(raw[0])
        self._ciphers = {_key_id(key): AESGCM(key) for key in raw}

    def encrypt(self, plaintext: str, *, tenant_id: str, connection_id: str) -> str:
        """Seal a token for one tenant's connection with the newest key."""
        nonce = os.urandom(_NONCE_BYTES)
        owner = _owner(tenant_id, connection_id)
        sealed = nonce + self._ciphers[self._newest].encrypt(nonce, plaintext.encode(), owner)
        return f"{_VERSION}.{self._newest}.{_packed(sealed)}"

    def decrypt(self, token: str, *, tenant_id: str, connection_id: str) -> str:
        """Open a sealed token; raises :class:`CorruptSecret` when it is damaged, another owner's,
        or its key is not configured."""
        version, _, rest = token.partition(".")
        key_id, _, body = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if version != _VERSION or cipher is None:
            raise CorruptSecret(
                f"A secret of connection {connection_id} was sealed with a key that is not configured. "
                "Add that key to CONNECTOR_ENCRYPTION_KEYS."
            )
        try:
            sealed = _unpacked(body)
            opened = cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _owner(tenant_id, connection_id))
        except (InvalidTag, binascii.Error, ValueError):
            raise CorruptSecret(
                f"A secret of connection {connection_id} of tenant {tenant_id} is damaged or not its own. "
                "Install the app in the CRM again."
            ) from None
        return opened.decode()

    @property
    def prefix(self) -> str:
        """How every text begins that the newest key sealed."""
        return f"{_VERSION}.{self._newest}."

    def needs_rotation(self, token: str) -> bool:
        """Whether a sealed token was made with an older key than the newest."""
        return token.split(".")[1:2] != [self._newest]


class Seal(StrEnum):
    """What looking at the seal of a chain's head found.

    ``UNCHECKED``: this process has no keys. ``MISSING``: there is none. ``UNKNOWN_KEY``: it names a key that is not
    configured. ``FORGED``: it is not that of this head. ``BEHIND``: it is that of an earlier entry of the chain.
    """

    UNCHECKED = "unchecked"
    HOLDS = "holds"
    MISSING = "missing"
    UNKNOWN_KEY = "unknown key"
    FORGED = "forged"
    BEHIND = "behind"


class ChainSeal:
    """Seals heads of hash chains (HMAC-SHA256) with keys that no database holds; the first key seals, every key checks.

    Whoever may write to the database but has no key can't pass off a chain of their own as one of ours. A seal is
    ``v1.<key id>.<sequence number>.<MAC in hex>``.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        raw = [base64.urlsafe_b64decode(key) for key in keys]
        self._newest = _key_id(raw[0])
        # Keys of their own: the encryption keys are used for AES-GCM alone.
        self._keys = {_key_id(key): hmac.digest(key, b"heads of ledgers", "sha256") for key in raw}

    def make(self, tenant_id: str, seq: int, head: str) -> str:
        """Seal the hash ``head`` of a tenant's entry ``seq`` with the newest key."""
        return f"{_VERSION}.{self._newest}.{seq}.{self._mac(self._newest, tenant_id, seq, head)}"

    def check(self, seal: str, tenant_id: str, head: str) -> Seal:
        """Tell whether ``seal`` was made for the hash ``head`` of the tenant's entry that it names."""
        version, key_id, seq, mac = (seal.split(".") + [""] * 4)[:4]
        if version != _VERSION or key_id not in self._keys:
            return Seal.UNKNOWN_KEY
        good = self._mac(key_id, tenant_id, sealed_entry(seal), head)
        return Seal.HOLDS if seq.isdigit() and hmac.compare_digest(mac.encode(), good.encode()) else Seal.FORGED

    def needs_rotation(self, seal: str) -> bool:
        """Whether a seal was made with an older key than the newest."""
        return seal.split(".")[1:2] != [self._newest]

    def _mac(self, key_id: str, tenant_id: str, seq: int, head: str) -> str:
        return hmac.new(self._keys[key_id], json.dumps([tenant_id, seq, head]).encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class SecretKeys:
    """Keyed hashes (HMAC-SHA256, in hex) under the deployment's secret keys; the first key makes, every key checks."""

    keys: tuple[str, ...] = field(repr=False)

    def digest(self, told: bytes) -> str:
        """Return the hash of ``told`` under the newest key."""
        return self.digests(told)[0]

    def digests(self, told: bytes) -> tuple[str, ...]:
        """Return the hash of ``told`` under each key, that of the newest first."""
        return tuple(hmac.new(key.encode(), told, hashlib.sha256).hexdigest() for key in self.keys)

    def made(self, told: bytes, digest: str) -> bool:
        """Tell whether ``digest`` is the hash of ``told`` under any of the keys."""
        return any(hmac.compare_digest(digest.encode(), good.encode()) for good in self.digests(told))


def sealed_entry(seal: str) -> int:
    """Return the sequence number that a seal names, 0 where it names none."""
    named = seal.split(".")[2:3]
    return int(named[0]) if named and named[0].isascii() and named[0].isdigit() else 0


def _owner(tenant_id: str, connection_id: str) -> bytes:
    # As JSON, so that no two pairs of ids are written alike.
    return json.dumps([tenant_id, connection_id]).encode()


def _packed(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).decode()


def _unpacked(body: str) -> bytes:
    sealed = base64.b64decode(body, altchars=b"-_", validate=True)
    # The last character has bits that decoding ignores; a change there is damage as well.
    if _packed(sealed) != body:
        raise ValueError("not in its canonical form")
    return sealed
