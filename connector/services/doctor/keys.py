"""Whether every stored secret can be opened with the keys that are configured."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from connector.errors import CorruptSecret
from connector.services.context import Services
from connector.services.doctor.finding import Finding, Level
from connector.store import connections
from connector.store.connections import Sealed

PART = "encryption keys"
_NAMED = 5


def look(services: Services) -> Iterator[Finding]:
    """Open each secret of each account, and throw it away."""
    shut: dict[UUID, str] = {}
    old = opened = 0
    with services.store.reading() as session:
        for sealed in connections.sealed(session):
            try:
                _open(services, sealed)
            except CorruptSecret as error:
                shut.setdefault(sealed.connection_id, str(error))
            else:
                opened += 1
                old += services.cipher.needs_rotation(sealed.text)
    if not shut:
        yield Finding(Level.FINE, PART, f"All {opened} stored secrets can be opened.")
    for sentence in list(shut.values())[:_NAMED]:
        yield Finding(Level.PROBLEM, PART, sentence)
    if len(shut) > _NAMED:
        yield Finding(Level.PROBLEM, PART, f"The same holds for {len(shut) - _NAMED} more accounts.")
    if old:
        sentence = (
            f"{old} secrets are sealed with an older key: keep it in CONNECTOR_ENCRYPTION_KEYS, after the newest, "
            "until `connector keys rotate` says that nothing is left."
        )
        yield Finding(Level.WARNING, PART, sentence)


def _open(services: Services, sealed: Sealed) -> None:
    owner = {"tenant_id": str(sealed.tenant_id), "connection_id": str(sealed.connection_id)}
    services.cipher.decrypt(sealed.text, **owner)
