"""Rotating keys: whatever is sealed with an older one is sealed anew with the newest, while everything goes on.

Each row is a short transaction of its own, and a text is replaced only where it is still the one that was opened: a
token that is refreshed meanwhile stays the fresh one. So it may be killed and begun again at any time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from connector.errors import CorruptSecret
from connector.services import acts
from connector.services.context import Services
from connector.store import heads, secrets
from connector.store.secrets import Holder, Sealed

_ROWS = 100
_PASSES = 3
"""A pass that finds what another process sealed with an older key meanwhile is followed by another."""


@dataclass(slots=True)
class Rotated:
    """What was done: ``secrets`` and ``heads`` sealed anew, rows that are ``left``, sentences about those that fail."""

    secrets: int = 0
    heads: int = 0
    left: int = 0
    failed: list[str] = field(default_factory=list)


def rotate(services: Services, progress: Callable[[int], object] | None = None) -> Rotated:
    """Seal everything anew that an older key sealed; tell ``progress`` how many rows are left, after each hundred."""
    done = Rotated()
    for _ in range(_PASSES):
        before, done.failed = done.secrets, []
        for holder in secrets.HOLDERS:
            _pass(services, holder, done, progress)
        if done.secrets == before:
            break
    with services.store.reading() as session:
        whose = [tenant_id for tenant_id, _ in heads.every(session)]
    for tenant_id in whose:
        with services.store.transaction(tenant_id) as session:
            done.heads += heads.renew(session, tenant_id)
    done.left = left(services)
    return done


def left(services: Services) -> int:
    """Return how many rows hold secrets of an older key."""
    with services.store.reading() as session:
        return sum(secrets.count_outdated(session, each, services.cipher.prefix) for each in secrets.HOLDERS)


def _pass(services: Services, holder: Holder, done: Rotated, progress: Callable[[int], object] | None) -> None:
    last: Sealed | None = None
    while True:
        with services.store.reading() as session:
            found = secrets.outdated(session, holder, services.cipher.prefix, last, _ROWS)
        if not found:
            return
        for row in found:
            try:
                done.secrets += _seal_anew(services, holder, row)
            except CorruptSecret as error:
                done.failed.append(str(error))
        last = found[-1]
        if progress is not None:
            progress(left(services))


def _seal_anew(services: Services, holder: Holder, row: Sealed) -> int:
    owner = {"tenant_id": str(row.tenant_id), "connection_id": str(row.owner_id)}
    cipher = services.cipher
    fresh = {name: cipher.encrypt(cipher.decrypt(text, **owner), **owner) for name, text in row.texts.items()}
    with services.store.transaction(row.tenant_id) as session:
        count = sum(secrets.replace(session, holder, row, name, text) for name, text in fresh.items())
        if count:
            acts.record(services, session, row.tenant_id, "seal secrets anew", owner=str(row.owner_id), secrets=count)
    return count
