"""Reports of a month or a quarter, and whom they were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.recipients import Recipient
from connector.store.tables import periodic_reports as reports
from connector.store.tables import told_reports


@dataclass(frozen=True, slots=True)
class Report:
    """A report as its row says (store/tables/periodic), without its contents."""

    id: UUID
    tenant_id: UUID
    kind: str
    period: str
    title: str
    made_at: datetime
    summary: tuple[str, ...]
    sha256: str
    ledger_seq: int
    signed_at: datetime | None = None
    signed_by: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class Contents:
    """What a report says: HTML (without a page around it) and PDF."""

    body: str = field(repr=False)
    pdf: bytes = field(repr=False)


_COLUMNS = [reports.c[name] for name in Report.__dataclass_fields__]


def add(connection: Connection, report: Report, contents: Contents) -> None:
    """Keep a report; raises ``IntegrityError`` where the period has one of its kind."""
    row: dict[str, Any] = {name: getattr(report, name) for name in Report.__dataclass_fields__}
    row |= {"summary": list(report.summary), "body": contents.body, "pdf": contents.pdf}
    connection.execute(sa.insert(reports), row)


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[Report]:
    """Return a tenant's reports, the newest first."""
    query = sa.select(*_COLUMNS).where(reports.c.tenant_id == tenant_id)
    return [_read(row) for row in connection.execute(query.order_by(reports.c.made_at.desc(), reports.c.kind))]


def of_period(connection: Connection, tenant_id: UUID, kind: str, period: str) -> Report | None:
    """Return the report of a kind for a period, if it was made."""
    c = reports.c
    query = sa.select(*_COLUMNS).where(c.tenant_id == tenant_id, c.kind == kind, c.period == period)
    row = connection.execute(query).one_or_none()
    return _read(row) if row else None


def find(connection: Connection, tenant_id: UUID, report_id: UUID) -> Report | None:
    """Return a report of the tenant, if it has such a one."""
    row = connection.execute(sa.select(*_COLUMNS).where(_one(tenant_id, report_id))).one_or_none()
    return _read(row) if row else None


def contents(connection: Connection, report: Report) -> Contents:
    """Return what a report says."""
    query = sa.select(reports.c.body, reports.c.pdf).where(_one(report.tenant_id, report.id))
    row = connection.execute(query).one()
    return Contents(row.body, row.pdf)


def sign(connection: Connection, report: Report, now: datetime, by: str, remark: str) -> bool:
    """Note who signed a report off; False where somebody has already."""
    unsigned = sa.and_(_one(report.tenant_id, report.id), reports.c.signed_at.is_(None))
    values = {"signed_at": now, "signed_by": by, "remark": remark}
    return connection.execute(sa.update(reports).where(unsigned).values(values)).rowcount == 1


def untold(
    connection: Connection, tenant_id: UUID, report: Report, recipients: Sequence[Recipient]
) -> Sequence[Recipient]:
    """Return those of ``recipients`` to whom a report was not sent yet."""
    c = told_reports.c
    query = sa.select(c.recipient_id).where(c.tenant_id == tenant_id, c.report_id == report.id)
    told = set(connection.execute(query).scalars())
    return [recipient for recipient in recipients if recipient.id not in told]


def tell(connection: Connection, report: Report, recipient: Recipient, now: datetime) -> None:
    """Note that a report was sent to an address."""
    row = {
        "report_id": report.id,
        "recipient_id": recipient.id,
        "tenant_id": report.tenant_id,
        "told_at": now,
    }
    upsert(connection, told_reports, [row], key=("report_id", "recipient_id"))


def _read(row: Any) -> Report:
    found = {name: getattr(row, name) for name in Report.__dataclass_fields__}
    return Report(**{**found, "summary": tuple(row.summary)})


def _one(tenant_id: UUID, report_id: UUID) -> sa.ColumnElement[bool]:
    return sa.and_(reports.c.tenant_id == tenant_id, reports.c.id == report_id)
