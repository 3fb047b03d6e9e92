"""The connection page: one installed account, and what the line has done with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import Option
from connector.records import Tier
from connector.services.context import Services
from connector.services.reports.refusals import Letter, letters
from connector.services.reports.run import RunReport, run_report
from connector.services.reports.speed import Speed, account_speed
from connector.store import connections, departures, outbox, overwrites, publications, scores, streams
from connector.store.connections import CrmConnection
from connector.store.departures import Departure
from connector.store.outbox import OutboxStatus
from connector.store.streams import StreamState

_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Told:
    """A record with a sentence about its write."""

    vendor_id: str
    message: str


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A record whose score somebody overwrote, and which is left to them."""

    record_id: int
    vendor_id: str
    lead_id: int | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Deliveries:
    """How many records hold their values, wait for them, or were given up; ``letters`` are some of the last.

    ``remarks`` are some of those that were written with something left undone, ``left`` some of the ``respected``
    ones, whose values somebody overwrote; ``restored`` counts those that were written again. ``verified`` is what
    the last sample found, at ``verified_at``.
    """

    delivered: int
    waiting: int
    dead: int
    letters: tuple[Letter, ...]
    remarks: tuple[Told, ...]
    respected: int
    left: tuple[LeftAlone, ...]
    restored: int
    verified_at: datetime | None
    verified: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class AdminWebhook:
    """What an admin enters in the CRM, so that it pushes changes."""

    address: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ConnectionReport:
    """Everything that the connection page shows. ``leads`` is tier → scored leads of the tenant.

    ``login`` is where to sign in to connect the account again, where it has a host of its own;
    ``webhook`` is there for CRMs that push only after their admin has entered it; ``options`` are what
    its admin may turn on; ``speed`` is that of the real-time lane. ``departure`` is there for an account that was left,
    ``kept_days`` for how long the data of one are kept.
    """

    connection: CrmConnection
    label: str
    siblings: tuple[CrmConnection, ...]
    streams: tuple[StreamState, ...]
    run: RunReport | None
    leads: Mapping[Tier, int]
    deliveries: Deliveries
    login: str | None
    webhook: AdminWebhook | None
    options: Mapping[str, Option]
    speed: Speed
    departure: Departure | None
    kept_days: int

    @property
    def scored(self) -> int:
        """How many leads have a score."""
        return sum(self.leads.values())


def first_connection(services: Services, tenant_id: UUID) -> UUID | None:
    """Return the tenant's oldest connection; None for a tenant that is gone or has none."""
    with services.store.reading(tenant_id) as session:
        owned = connections.of_tenant(session, tenant_id)
    return owned[0].id if owned else None


def connection_report(services: Services, tenant_id: UUID, connection_id: UUID) -> ConnectionReport | None:
    """Return a connection's page; None where the tenant has no such connection."""
    with services.store.reading(tenant_id) as session:
        owned = connections.of_tenant(session, tenant_id)
        connection = next((item for item in owned if item.id == connection_id), None)
        if connection is None:
            return None
        app = services.apps.get(connection.vendor)
        tiers = scores.summary(session, tenant_id)
        return ConnectionReport(
            connection=connection,
            label=app.capabilities.label if app else connection.vendor,
            siblings=tuple(item for item in owned if item.id != connection_id),
            streams=tuple(sorted(streams.of_connection(session, connection_id), key=lambda state: state.label)),
            run=run_report(session, tenant_id, services.clock.now()),
            leads={tier: tiers.get(tier, 0) for tier in Tier},
            deliveries=_deliveries(session, connection_id),
            login=_own_login(connection, app.capabilities.login_domain if app else ""),
            webhook=_webhook(services, connection),
            options=app.capabilities.options if app else {},
            speed=account_speed(session, connection_id),
            departure=departures.find(session, connection_id),
            kept_days=services.keeping.after_leaving.days,
        )


def _webhook(services: Services, connection: CrmConnection) -> AdminWebhook | None:
    app = services.apps.get(connection.vendor)
    if app is None or not app.capabilities.admin_webhook:
        return None
    hooks = services.hooks
    return AdminWebhook(hooks.of(connection.vendor, connection.id), hooks.signing_secret(connection.id))


def _own_login(connection: CrmConnection, login_domain: str) -> str | None:
    host = urlsplit(connection.api_origin or "").hostname or ""
    return host if login_domain and host.endswith(login_domain) else None


def _deliveries(session: Connection, connection_id: UUID) -> Deliveries:
    counts = outbox.counts(session, connection_id)
    dead, respected = counts.get(OutboxStatus.DEAD, 0), counts.get(OutboxStatus.RESPECTED, 0)
    left = overwrites.left_alone(session, connection_id, _SHOWN) if respected else ()
    state = publications.get(session, connection_id)
    return Deliveries(
        delivered=counts.get(OutboxStatus.DELIVERED, 0),
        waiting=outbox.waiting(counts),
        dead=dead,
        letters=letters(session, connection_id, _SHOWN) if dead else (),
        remarks=tuple(Told(row.vendor_id, row.message) for row in outbox.remarks(session, connection_id, _SHOWN)),
        respected=respected,
        left=tuple(LeftAlone(*row) for row in left),
        restored=overwrites.restored(session, connection_id),
        verified_at=state.verified_at,
        verified=state.verified,
    )
