"""Secrets that a link or a cookie carries: 256 random bits, of which only the hash is kept."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """Return a new secret that an address can hold."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """Return what is kept of a secret: its SHA-256. It has no pattern to guess, so no slow hash is needed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
