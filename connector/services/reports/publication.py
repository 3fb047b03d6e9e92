"""The page Publication: what would be written to each account, what that sets off, and what waits for whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.adapters.contract import CrmApp
from connector.records import Listener, Tier
from connector.services.allowance import first_records, night_of, written_tonight
from connector.services.context import Services
from connector.services.reports.people import Naming
from connector.services.values import from_json
from connector.store import connections, leads, outbox, publications, tenants
from connector.store.connections import CrmConnection, Health
from connector.store.outbox import OutboxStatus
from connector.store.publications import Publication
from connector.store.tenants import Delivery, TenantSettings
from connector.store.types import AnyRow

_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class TierLine:
    """Records that wait to be written, by the tier that they would get; ``fresh`` never had a score."""

    tier: Tier
    fresh: int
    changed: int


@dataclass(frozen=True, slots=True)
class Example:
    """One record that would be written; ``before`` is what the CRM holds, if it is known to hold a score.

    Both are the very numbers of the score's field: rounded as for this CRM, each on the scale that it is meant for.
    """

    name: str
    lead_id: int | None
    vendor_id: str
    score: Decimal
    tier: Tier
    before: Decimal | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountPublication:
    """One account. ``state`` is ``dry-run``, ``waiting``, ``first``, ``on`` or ``disconnected``.

    ``first``: so many records are written until the rest is released, None where all are. ``listeners`` None:
    nobody has looked yet, or ``refused`` says why they can't be read. ``fields`` maps our name to the account's.
    ``under_way``: how many of the ``reached`` records the CRM has been sent but has not answered for yet.
    """

    connection: CrmConnection
    label: str
    state: str
    lines: tuple[TierLine, ...]
    examples: tuple[Example, ...]
    fields: Mapping[str, str]
    effects: tuple[str, ...]
    checks: tuple[str, ...]
    listeners: tuple[Listener, ...] | None
    refused: str | None
    listened_at: datetime | None
    first: int | None
    reached: int
    under_way: int
    tonight: int
    approved_at: datetime | None
    left_alone: int
    verified_at: datetime | None
    verified: Mapping[str, Any] | None

    @property
    def waiting(self) -> int:
        """How many records wait to be written."""
        return sum(line.fresh + line.changed for line in self.lines)


@dataclass(frozen=True, slots=True)
class PublicationReport:
    """What the page shows."""

    settings: TenantSettings
    accounts: tuple[AccountPublication, ...]


def publication_report(services: Services, tenant_id: UUID) -> PublicationReport:
    """Return a tenant's page."""
    with services.store.reading(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        naming = Naming.of_tenant(session, tenant_id)
        accounts = tuple(
            _account(services, session, item, settings, naming) for item in connections.of_tenant(session, tenant_id)
        )
    return PublicationReport(settings, accounts)


def _account(
    services: Services, session: Connection, connection: CrmConnection, settings: TenantSettings, naming: Naming
) -> AccountPublication:
    app = services.apps.get(connection.vendor)
    state = publications.get(session, connection.id)
    night = night_of(services.clock.now(), connection.time_zone)
    effects, checks = _told(app)
    first, counted = first_records(settings, state), outbox.counts(session, connection.id)
    return AccountPublication(
        connection=connection,
        label=app.capabilities.label if app else connection.vendor,
        state=_state(connection, settings, state, first),
        lines=_lines(publications.waiting_by_tier(session, connection.id)),
        examples=_examples(session, connection, naming, app.capabilities.score_places if app else 1),
        fields=connection.field_names,
        effects=effects,
        checks=checks,
        listeners=_listeners(state),
        refused=state.listeners_refused,
        listened_at=state.listened_at,
        first=first,
        reached=outbox.reached(session, connection.id),
        under_way=counted.get(OutboxStatus.SENDING, 0),
        tonight=written_tonight(state, night),
        approved_at=state.approved_at,
        left_alone=counted.get(OutboxStatus.RESPECTED, 0),
        verified_at=state.verified_at,
        verified=state.verified,
    )


def _told(app: CrmApp | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (app.capabilities.write_effects, app.capabilities.listener_checks) if app else ((), ())


def _state(connection: CrmConnection, settings: TenantSettings, state: Publication, first: int | None) -> str:
    if connection.status is Health.DISCONNECTED:
        return "disconnected"
    if settings.delivery == Delivery.DRY_RUN:
        return "dry-run"
    if settings.delivery == Delivery.APPROVE and state.approved_at is None:
        return "waiting"
    return "on" if first is None else "first"


def _lines(rows: Sequence[AnyRow]) -> tuple[TierLine, ...]:
    counts = {(tier, bool(fresh)): number for tier, fresh, number in rows}
    lines = (TierLine(tier, counts.get((tier, True), 0), counts.get((tier, False), 0)) for tier in Tier)
    return tuple(line for line in lines if line.fresh or line.changed)


def _listeners(state: Publication) -> tuple[Listener, ...] | None:
    if state.listeners is None:
        return None
    return tuple(Listener(**{**item, "listens_to": tuple(item["listens_to"])}) for item in state.listeners)


def _examples(session: Connection, connection: CrmConnection, naming: Naming, places: int) -> tuple[Example, ...]:
    rows = publications.examples(session, connection.id, _EXAMPLES)
    records = leads.records_of(session, connection.tenant_id, [row.lead_id for row in rows if row.lead_id is not None])
    return tuple(
        _example(row, [item for item in records if item.lead_id == row.lead_id], naming, places) for row in rows
    )


def _example(row: AnyRow, records: Sequence[AnyRow], naming: Naming, places: int) -> Example:
    values, held = from_json(row.values), from_json(row.delivered) if row.delivered else None
    return Example(
        name=naming.person(row.lead_id, records).name if records else f"Record {row.vendor_id}",
        lead_id=row.lead_id,
        vendor_id=row.vendor_id,
        score=values.number(places),
        tier=values.tier,
        before=held.number(places) if held else None,
        reasons=values.reasons[:2],
    )
