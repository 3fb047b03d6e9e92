"""Thumbs on scores, to be counted; what was said word for word is in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import feedback
from connector.store.types import AnyRow


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """Add a thumb (columns of ``feedback``); none is ever changed."""
    connection.execute(sa.insert(feedback), row)


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[AnyRow]:
    """Return a tenant's thumbs, oldest first."""
    return connection.execute(
        sa.select(feedback).where(feedback.c.tenant_id == tenant_id).order_by(feedback.c.seq)
    ).all()


def of_leads(connection: Connection, tenant_id: UUID, lead_ids: Collection[int]) -> Sequence[AnyRow]:
    """Return the thumbs on the scores of these leads, the newest first."""
    mine = sa.and_(feedback.c.tenant_id == tenant_id, feedback.c.lead_id.in_(lead_ids))
    return connection.execute(sa.select(feedback).where(mine).order_by(feedback.c.seq.desc())).all()
