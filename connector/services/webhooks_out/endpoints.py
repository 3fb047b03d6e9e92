"""Addresses of a tenant's own systems: added, paused, resumed and removed by an admin; every act is on the record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.adapters.hosts import origin_of
from connector.adapters.receivers import new_secret
from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.webhooks_out.changes import PATIENCE, new_event
from connector.store import ledger, webhook_endpoints, webhook_events
from connector.store.webhook_endpoints import Endpoint
from connector.store.webhook_events import Event, Renewed

MOST_ENDPOINTS = 10
GRACE = timedelta(hours=24)
"""So long a former secret signs beside the new one."""
TEST = "webhook.test"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class NewSecret:
    """An address with a secret that is shown once: it is stored sealed. ``renewed``: there was one before."""

    endpoint: Endpoint
    secret: str = field(repr=False)
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Overview:
    """A tenant's addresses, how many messages wait for each, and the newest that were given up."""

    endpoints: Sequence[Endpoint]
    waiting: dict[UUID, int]
    given_up: dict[UUID, Sequence[Event]]


def add(services: Services, tenant_id: UUID, url: str) -> NewSecret:
    """Add an address; raises ``RejectedInput`` where nothing may be sent there, and where there are too many."""
    url, now, secret, endpoint_id = url.strip(), services.clock.now(), new_secret(), uuid4()
    services.receivers.check(url)
    sealed = _sealed(services, tenant_id, endpoint_id, secret)
    endpoint = Endpoint(endpoint_id, tenant_id, url, sealed, created_at=now, secret_made_at=now)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if len(webhook_endpoints.of_tenant(session, tenant_id)) >= MOST_ENDPOINTS:
            raise RejectedInput(f"There are {MOST_ENDPOINTS} addresses already. Remove one that is not used any more.")
        webhook_endpoints.add(session, endpoint)
        _record(services, session, endpoint, "add webhook")
    return NewSecret(endpoint, secret)


def renew_secret(services: Services, tenant_id: UUID, endpoint_id: UUID) -> NewSecret | None:
    """Sign with another secret from now on, and for ``GRACE`` with the one before as well, so that the receiver may
    learn the new one at leisure; one before that signs no more. None where the tenant has no such address.
    """
    secret, now = new_secret(), services.clock.now()
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is None:
            return None
        sealed = _sealed(services, tenant_id, endpoint_id, secret)
        webhook_endpoints.save_secret(session, endpoint, sealed, now, now + GRACE)
        _record(services, session, endpoint, "renew webhook secret")
    return NewSecret(endpoint, secret, renewed=True)


def end_former_secret(services: Services, tenant_id: UUID, endpoint_id: UUID) -> bool:
    """Sign no more with the secret before the newest, as where others know it; False where there is no such address."""
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is not None:
            webhook_endpoints.end_former(session, endpoint)
            _record(services, session, endpoint, "end former webhook secret")
    return endpoint is not None


def pause(services: Services, tenant_id: UUID, endpoint_id: UUID) -> bool:
    """Send nothing to an address until it is resumed, while messages wait; False where the tenant has none such."""
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is not None:
            webhook_endpoints.pause(session, endpoint, services.clock.now(), None)
            _record(services, session, endpoint, "pause webhook")
    return endpoint is not None


def resume(services: Services, tenant_id: UUID, endpoint_id: UUID) -> bool:
    """Send what waits for an address, beginning now; False where the tenant has none such."""
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is not None:
            webhook_endpoints.resume(session, endpoint, now)
            webhook_events.again(session, tenant_id, endpoint_id, Renewed(False, now, now + PATIENCE))
            _record(services, session, endpoint, "resume webhook")
    return endpoint is not None


def remove(services: Services, tenant_id: UUID, endpoint_id: UUID) -> bool:
    """Delete an address, its secret and what waits for it; False where the tenant has none such."""
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is not None:
            webhook_endpoints.remove(session, endpoint)
            _record(services, session, endpoint, "remove webhook")
    return endpoint is not None


def replay(services: Services, tenant_id: UUID, endpoint_id: UUID) -> int | None:
    """Send again what was given up; return how many messages, None where the tenant has no such address."""
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is None:
            return None
        number = webhook_events.again(session, tenant_id, endpoint_id, Renewed(True, now, now + PATIENCE))
        webhook_endpoints.wake(session, tenant_id, [endpoint_id], now)
        _record(services, session, endpoint, "replay webhook")
    return number


def send_test(services: Services, tenant_id: UUID, endpoint_id: UUID) -> bool:
    """Have a message sent that is about nobody; False where the tenant has no such address."""
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        endpoint = _owned(session, tenant_id, endpoint_id)
        if endpoint is not None:
            webhook_events.add(session, [new_event(tenant_id, endpoint_id, TEST, {}, now)])
            webhook_endpoints.wake(session, tenant_id, [endpoint_id], now)
            _record(services, session, endpoint, "test webhook")
    return endpoint is not None


def overview(services: Services, tenant_id: UUID) -> Overview:
    """Return a tenant's addresses, oldest first, and how it goes with them."""
    with services.store.reading(tenant_id) as session:
        found = webhook_endpoints.of_tenant(session, tenant_id)
        waiting = dict(webhook_events.waiting(session, tenant_id))
        dead = webhook_events.given_up(session, tenant_id, _SHOWN)
    return Overview(found, waiting, {item.id: [e for e in dead if e.endpoint_id == item.id] for item in found})


def opened_secrets(services: Services, endpoint: Endpoint) -> Sequence[str]:
    """Return the secrets that sign for an address now, the newest first; raises ``CorruptSecret`` for a broken one."""
    owner = {"tenant_id": str(endpoint.tenant_id), "connection_id": str(endpoint.id)}
    in_grace = endpoint.former_until is not None and services.clock.now() < endpoint.former_until
    sealed = (endpoint.secret, endpoint.former_secret if in_grace else None)
    return [services.cipher.decrypt(text, **owner) for text in sealed if text is not None]


def _sealed(services: Services, tenant_id: UUID, endpoint_id: UUID, secret: str) -> str:
    return services.cipher.encrypt(secret, tenant_id=str(tenant_id), connection_id=str(endpoint_id))


def _owned(session: Connection, tenant_id: UUID, endpoint_id: UUID) -> Endpoint | None:
    # Whoever scores holds the ledger before addresses: here in the same order, so that no two wait for each other.
    ledger.lock(session, tenant_id)
    return webhook_endpoints.find(session, tenant_id, endpoint_id)


def _record(services: Services, session: Connection, endpoint: Endpoint, action: str) -> None:
    # The path may hold a secret of the receiver's.
    acts.record(services, session, endpoint.tenant_id, action, webhook=str(endpoint.id), origin=origin_of(endpoint.url))
