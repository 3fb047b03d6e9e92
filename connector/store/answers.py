"""What becomes of rows that a claim holds, by the CRM's answer. Who has lost the claim changes nothing.

``claims.held`` is asked first, in the same transaction: it locks the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Scale
from connector.store.claims import Parcel
from connector.store.outbox import BULK, DOUBTFUL, OutboxStatus
from connector.store.tables import outbox

_FREE = {"claim": None, "leased_until": None, "sent": sa.null(), "sent_seq": None}
_WELL = {"attempts": 0, "failing_since": None, "failed_at": None, "failures": 0, "message": None}


def delivered(connection: Connection, token: UUID, parcels: Sequence[Parcel], now: datetime) -> None:
    """Record that the CRM holds what was sent; newer values that were queued meanwhile are due now."""
    if not parcels:
        return
    asked = {"token": token, "now": now, "those": [item.record_id for item in parcels]}
    connection.execute(_DELIVERED, asked)


def _scale_of(values: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(values["scale"].as_string(), str(Scale.HUNDRED))


_newest = sa.and_(outbox.c.ledger_seq == outbox.c.sent_seq, _scale_of(outbox.c["values"]) == _scale_of(outbox.c.sent))
"""Nothing newer waits in the row, nor the same score on another scale."""
_DELIVERED = (
    sa.update(outbox)
    .where(outbox.c.record_id.in_(sa.bindparam("those", expanding=True)), outbox.c.claim == sa.bindparam("token"))
    .values(
        status=sa.case((_newest, OutboxStatus.DELIVERED), else_=OutboxStatus.PENDING),
        priority=sa.case((_newest, BULK), else_=outbox.c.priority),
        delivered=outbox.c.sent,
        delivered_at=sa.bindparam("now"),
        **_FREE,
        **_WELL,
    )
)
"""One statement for all rows of a batch, made once."""


def unchanged(connection: Connection, token: UUID, parcels: Sequence[Parcel]) -> None:
    """Put rows to rest without sending them: the CRM holds as good as the same."""
    values = {"status": sa.case((_newest, OutboxStatus.DELIVERED), else_=OutboxStatus.PENDING), "priority": BULK}
    where = sa.and_(outbox.c.record_id.in_([item.record_id for item in parcels]), outbox.c.claim == token)
    connection.execute(sa.update(outbox).where(where).values(**values, **_FREE))


def remark(connection: Connection, parcel: Parcel, message: str, marks: Mapping[str, str] | None) -> None:
    """Keep what the adapter says of a record that was written: a sentence for the admin, and its marks.

    ``marks`` None: those from before stay. They are about the record, whatever was queued for it meanwhile.
    """
    row = outbox.c.record_id == parcel.record_id
    at_rest = sa.and_(row, outbox.c.status == OutboxStatus.DELIVERED)
    connection.execute(sa.update(outbox).where(at_rest).values(message=message or None))
    if marks is not None:
        connection.execute(sa.update(outbox).where(row).values(marks=dict(marks)))


def again(connection: Connection, token: UUID, parcel: Parcel, due_at: datetime, message: str | None) -> None:
    """Queue a row once more for ``due_at``."""
    values = {
        "status": OutboxStatus.PENDING,
        "due_at": due_at,
        "attempts": outbox.c.attempts + 1,
        "message": message,
        **_FREE,
    }
    connection.execute(sa.update(outbox).where(_mine(token, parcel)).values(values))


def unknown(connection: Connection, token: UUID, parcel: Parcel) -> None:
    """Take that nobody knows what the CRM holds: whatever is to be there is written."""
    connection.execute(sa.update(outbox).where(_mine(token, parcel)).values(delivered=sa.null()))


def bury(connection: Connection, token: UUID, parcel: Parcel, message: str, now: datetime) -> None:
    """Make a row a dead letter, with the CRM's sentence for the admin."""
    values = {
        "status": OutboxStatus.DEAD,
        "message": message,
        "failing_since": sa.func.coalesce(outbox.c.failing_since, sa.literal(now, outbox.c.failing_since.type)),
        "failed_at": now,
        "failures": outbox.c.failures + 1,
        **_FREE,
    }
    connection.execute(sa.update(outbox).where(_mine(token, parcel)).values(values))


def drop(connection: Connection, token: UUID, parcel: Parcel) -> None:
    """Forget a row whose record is gone from the CRM."""
    connection.execute(sa.delete(outbox).where(_mine(token, parcel)))


def _mine(token: UUID, parcel: Parcel) -> sa.ColumnElement[bool]:
    return sa.and_(outbox.c.record_id == parcel.record_id, outbox.c.claim == token)


def doubt(connection: Connection, parcels: Sequence[Parcel]) -> None:
    """Put in doubt what others wrote to these records: a write of ours arrived although our claim was lost.

    Nobody knows which of two writes the CRM carried out last, so it is asked before the row comes to rest.
    """
    for parcel in parcels:
        row = outbox.c.record_id == parcel.record_id
        under_way = sa.and_(row, outbox.c.status.in_(DOUBTFUL), outbox.c.sent_seq != parcel.ledger_seq)
        connection.execute(sa.update(outbox).where(under_way).values(claim=None, leased_until=None))
        at_rest = sa.and_(row, outbox.c.status == OutboxStatus.DELIVERED, outbox.c.ledger_seq != parcel.ledger_seq)
        connection.execute(sa.update(outbox).where(at_rest).values(in_question(OutboxStatus.SENDING)))


def in_question(status: OutboxStatus) -> dict[str, Any]:
    """Return what a row at rest becomes, so that the CRM is asked whether it holds what was delivered."""
    return {
        "status": status,
        "sent": outbox.c.delivered,
        "sent_seq": outbox.c.ledger_seq,
        "claim": None,
        "leased_until": None,
    }


def overwritten(connection: Connection, token: UUID, parcel: Parcel, now: datetime, *, respected: bool) -> None:
    """Record that somebody overwrote our value: it is left to them, or queued to be written again.

    It is not left to them where the lead has come to another tier meanwhile.
    """
    same_tier = outbox.c["values"]["tier"].as_string() == outbox.c.sent["tier"].as_string()
    left = sa.case((same_tier, OutboxStatus.RESPECTED), else_=OutboxStatus.PENDING)
    values = {
        "status": left if respected else OutboxStatus.PENDING,
        "delivered": sa.null(),
        "overwritten_at": now,
        "due_at": now,
        **_FREE,
    }
    connection.execute(sa.update(outbox).where(_mine(token, parcel)).values(values))
