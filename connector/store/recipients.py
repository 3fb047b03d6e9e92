"""Who is told of a tenant's figures and alerts: sealed addresses, and what each was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import digest_recipients as recipients
from connector.store.tables import told_alerts


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address. ``user_id``: whose it is, None for one that is nobody's own. ``trouble``: why it can't be told.

    ``digest_at`` is when its last digest was settled, ``told_at`` when anything was sent there.
    """

    id: UUID
    tenant_id: UUID
    user_id: UUID | None
    kind: str
    sealed: str = field(repr=False)
    added_at: datetime
    digest_at: datetime | None = None
    told_at: datetime | None = None
    trouble: str | None = None


_NAMES = tuple(Recipient.__dataclass_fields__)


def add(connection: Connection, recipient: Recipient) -> None:
    """Add an address."""
    connection.execute(sa.insert(recipients), {name: getattr(recipient, name) for name in _NAMES})


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Recipient]:
    """Return a tenant's addresses, oldest first."""
    c = recipients.c
    query = sa.select(recipients).where(c.tenant_id == tenant_id).order_by(c.added_at, c.id)
    return [_read(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: UUID, recipient_id: UUID) -> Recipient | None:
    """Return an address of the tenant, if it has such a one."""
    c = recipients.c
    query = sa.select(recipients).where(c.tenant_id == tenant_id, c.id == recipient_id)
    row = connection.execute(query).one_or_none()
    return _read(row) if row else None


def remove(connection: Connection, recipient: Recipient) -> None:
    """Delete an address with what it was told."""
    connection.execute(sa.delete(recipients).where(_same(recipient)))


def note(connection: Connection, recipient: Recipient, **changed: Any) -> None:
    """Change columns of an address; nothing where it was removed meanwhile."""
    connection.execute(sa.update(recipients).where(_same(recipient)).values(changed))


def alerts_told(connection: Connection, recipient: Recipient) -> frozenset[str]:
    """Return the keys of alerts that an address was told of and that were open since."""
    t = told_alerts.c
    query = sa.select(t.key).where(t.tenant_id == recipient.tenant_id, t.recipient_id == recipient.id)
    return frozenset(connection.execute(query).scalars())


def tell(connection: Connection, recipient: Recipient, keys: Collection[str], now: datetime) -> None:
    """Note that an address was told of alerts; nothing where it was removed meanwhile."""
    if find(connection, recipient.tenant_id, recipient.id) is None:
        return
    rows = [
        {"recipient_id": recipient.id, "key": key, "tenant_id": recipient.tenant_id, "told_at": now}
        for key in sorted(keys)
    ]
    upsert(connection, told_alerts, rows, key=("recipient_id", "key"))


def keep_open(connection: Connection, tenant_id: UUID, keys: Collection[str]) -> None:
    """Forget what was told of alerts that are not among the open ones: should one come again, it is told again."""
    t = told_alerts.c
    connection.execute(sa.delete(told_alerts).where(t.tenant_id == tenant_id, t.key.not_in(sorted(keys))))


def _same(recipient: Recipient) -> sa.ColumnElement[bool]:
    return sa.and_(recipients.c.tenant_id == recipient.tenant_id, recipients.c.id == recipient.id)


def _read(row: Any) -> Recipient:
    return Recipient(**{name: getattr(row, name) for name in _NAMES})
