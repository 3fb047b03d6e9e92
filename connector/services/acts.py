"""What people do here is on the record: entries of kind ``admin`` in the tenant's ledger, with who asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store import ledger

_asker: ContextVar[str] = ContextVar("asker", default="the product")
"""Who asks for what is done now; the product itself where nobody said so."""


@contextmanager
def asked_by(who: str) -> Iterator[None]:
    """Note ``who`` (a name for a ledger: no e-mail address) with all that is recorded inside."""
    token = _asker.set(who)
    try:
        yield
    finally:
        _asker.reset(token)


def asker() -> str:
    """Return who asks for what is done now."""
    return _asker.get()


def record(services: Services, session: Connection, tenant_id: UUID, action: str, **more: Any) -> int:
    """Enter an act in the tenant's ledger, in the transaction that makes it true; return the entry's number."""
    body = {"action": action, "by": _asker.get(), **more}
    return ledger.append(session, tenant_id, [ledger.Entry("admin", None, body)], services.clock.now())
