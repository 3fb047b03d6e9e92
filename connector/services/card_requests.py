"""Questions from inside a CRM: whose they are, and what its settings page is told of the account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from connector.adapters.contract import Delivery
from connector.errors import RejectedInput, RetryLater
from connector.records import Tier
from connector.services import regions
from connector.services.allowance import as_it_stands
from connector.services.context import Services
from connector.services.opening import app_of
from connector.store import connections, outbox, scores, streams
from connector.store.connections import Health
from connector.store.outbox import OutboxStatus


class UnknownAccount(RejectedInput):
    """The CRM account that asks is not connected, or not any more."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose question it is. ``called``: how a ledger names the CRM's user, without their address."""

    tenant_id: UUID
    connection_id: UUID
    called: str


def asker(services: Services, vendor: str, delivery: Delivery) -> Asker:
    """Return whose question a CRM sent.

    Raises ``RejectedInput`` unless the CRM vouches for it, ``UnknownAccount`` for an account that is not connected,
    ``RetryLater`` where an account asks too often, and ``ElsewhereError`` for one of another region.
    """
    app = app_of(services, vendor)
    asked = app.card_request(delivery, services.clock.now())
    with services.store.reading() as session:
        found = connections.find_by_account(session, vendor, asked.account_id)
    label = app.capabilities.label
    if found is None or found.status is Health.DISCONNECTED:
        raise UnknownAccount(f"This {label} account is not connected to the scoring app: an admin can install it.")
    with services.store.reading(found.tenant_id) as session:
        regions.require(services, session, found.tenant_id)
    wait = services.admit(f"{found.id}:cards")
    if wait > 0:
        raise RetryLater("This account asks for more cards than are given at once.", after_seconds=wait)
    return Asker(found.tenant_id, found.id, f"{label} user {asked.user_id}")


@dataclass(frozen=True, slots=True)
class AccountState:
    """How an account stands, for the settings page inside the CRM.

    ``trouble`` is what its admin should know or do, None where all is well. ``read_at``: when the slowest of its
    streams was last read to the end; None before the first time. ``held`` says why not all scores may be written,
    "" where all may. ``leads`` is tier → scored leads of the organisation; ``written``, ``waiting`` and ``refused``
    count records of this account.
    """

    account: str
    healthy: bool
    trouble: str | None
    read_at: datetime | None
    held: str
    leads: Mapping[Tier, int]
    written: int
    waiting: int
    refused: int


def state_of(services: Services, asked: Asker) -> AccountState:
    """Return how the account stands that asks."""
    with services.store.reading(asked.tenant_id) as session:
        found = connections.get(session, asked.connection_id)
        read = [state.drained_at for state in streams.of_connection(session, found.id) if state.unavailable is None]
        tiers = scores.summary(session, asked.tenant_id)
        counts = outbox.counts(session, found.id)
        held = as_it_stands(session, asked.tenant_id, found.id, services.clock.now()).held
    times = [at for at in read if at is not None]
    return AccountState(
        account=found.account_name,
        healthy=found.status is Health.ACTIVE,
        trouble=found.status_reason if found.status is not Health.ACTIVE else found.notice,
        read_at=min(times) if times and len(times) == len(read) else None,
        held=held,
        leads={tier: tiers.get(tier, 0) for tier in Tier},
        written=counts.get(OutboxStatus.DELIVERED, 0) + counts.get(OutboxStatus.RESPECTED, 0),
        waiting=outbox.waiting(counts),
        refused=counts.get(OutboxStatus.DEAD, 0),
    )
