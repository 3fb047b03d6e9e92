"""Webhooks: verified on the raw bytes, durable before the answer, each hint once.

What is told about a person is work of the real-time lane, once there is a model to score by; what is told about
anything else of the account, or before, starts a refresh.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.engine import Connection

from connector.adapters.contract import Delivery
from connector.crashpoints import Point, reached
from connector.errors import RejectedInput
from connector.records import WebhookHint
from connector.services import pipeline, regions
from connector.services.context import REALTIME, Services
from connector.services.hook_secrets import secrets_of
from connector.services.opening import app_of
from connector.services.pipeline import Ready
from connector.services.privacy.barring import admitted
from connector.services.soundness import sound_hint
from connector.store import connections, inbox, lanes, looks, models, tombstones
from connector.store.connections import CrmConnection, Health
from connector.store.lanes import Kind
from connector.store.session import confine


def is_address(services: Services, vendor: str, key: str) -> bool:
    """Tell whether ``key`` is that of an address which we gave to ``vendor`` for a connection."""
    return _addressed(services, vendor, key) is not None


def receive(services: Services, vendor: str, delivery: Delivery, key: str | None = None) -> int:
    """Store what a vendor pushed and ask for what is to be done about it; return how many hints were new.

    ``key`` is the end of the address, where it is that of one connection. Raises ``RejectedInput``
    for an address that we did not make and for a request that the vendor did not sign. Hints for
    accounts that are unknown or disconnected are passed over: the vendor must not retry them.
    """
    app = app_of(services, vendor)
    if key is not None:
        _, delivery = _told_whose(services, vendor, delivery, key)
    app.verify_webhook(delivery, services.clock.now())
    reached(Point.HOOK_VERIFIED)
    by_account: dict[str, list[WebhookHint]] = {}
    for hint in app.parse_webhook(delivery):
        by_account.setdefault(hint.account_id, []).append(sound_hint(hint))
    return sum(_keep(services, vendor, account, hints) for account, hints in by_account.items())


def signed_by(services: Services, vendor: str, delivery: Delivery, key: str) -> CrmConnection:
    """Return the connection whose CRM signed a request to the address of its own that ends in ``key``.

    Raises ``RejectedInput`` for an address that we did not make and for a request that was not signed.
    """
    connection, delivery = _told_whose(services, vendor, delivery, key)
    app_of(services, vendor).verify_webhook(delivery, services.clock.now())
    return connection


def _told_whose(services: Services, vendor: str, delivery: Delivery, key: str) -> tuple[CrmConnection, Delivery]:
    connection = _addressed(services, vendor, key)
    if connection is None:
        raise RejectedInput("This address was not given to any CRM.")
    with services.store.reading(connection.tenant_id) as session:
        secrets = secrets_of(services, session, connection)
    return connection, replace(delivery, account_id=connection.account_id, secrets=secrets)


def _addressed(services: Services, vendor: str, key: str) -> CrmConnection | None:
    connection_id = services.hooks.connection(key)
    if connection_id is None:
        return None
    with services.store.reading() as session:
        found = connections.find(session, connection_id)
    return found if found and found.vendor == vendor else None


def _keep(services: Services, vendor: str, account_id: str, hints: list[WebhookHint]) -> int:
    with services.store.transaction() as session:
        connection = connections.find_by_account(session, vendor, account_id)
        if connection is None or connection.status is Health.DISCONNECTED:
            return 0
        confine(session, connection.tenant_id)
        regions.require(services, session, connection.tenant_id)
        tombstones.hold(session, connection.tenant_id, alone=False)
        hints = admitted(services, session, connection, hints)
        new = inbox.keep(session, connection.tenant_id, connection.id, hints, services.clock.now())
        looks.pushed(session, connection.id, services.clock.now())
        ready = _asked(services, session, connection, hints) if new else []
    reached(Point.HOOK_KEPT)
    services.wake_all(ready)
    return new


def _asked(services: Services, session: Connection, connection: CrmConnection, hints: list[WebhookHint]) -> Ready:
    scored = models.champion_name(session, connection.tenant_id) is not None
    ready: Ready = []
    if not scored or any(hint.record_id is None for hint in hints):
        ready += pipeline.start_unless_waiting(services, session, connection.tenant_id)
    if scored and any(hint.record_id is not None for hint in hints):
        # Last of all: whoever asks holds the connection's row until the commit.
        piece = lanes.ask(session, connection.tenant_id, connection.id, Kind.READ, services.clock.now())
        ready += [(REALTIME, piece)] if piece else []
    return ready
