"""Webhooks: verified on the raw bytes, durable before the answer, each hint once."""

from __future__ import annotations

from connector.adapters.contract import Delivery
from connector.records import WebhookHint
from connector.services import pipeline
from connector.services.context import Services
from connector.services.opening import app_of
from connector.store import connections, inbox
from connector.store.connections import Health


def receive(services: Services, vendor: str, delivery: Delivery) -> int:
    """Store what a vendor pushed and start a refresh; return how many hints were new.

    Raises ``RejectedInput`` for a request that the vendor did not sign. Hints for accounts
    that are unknown or disconnected are passed over: the vendor must not retry them.
    """
    app = app_of(services, vendor)
    app.verify_webhook(delivery, services.clock.now())
    by_account: dict[str, list[WebhookHint]] = {}
    for hint in app.parse_webhook(delivery):
        by_account.setdefault(hint.account_id, []).append(hint)
    return sum(_keep(services, vendor, account, hints) for account, hints in by_account.items())


def _keep(services: Services, vendor: str, account_id: str, hints: list[WebhookHint]) -> int:
    with services.store.transaction() as session:
        connection = connections.find_by_account(session, vendor, account_id)
        if connection is None or connection.status is Health.DISCONNECTED:
            return 0
        new = inbox.keep(session, connection.tenant_id, connection.id, hints, services.clock.now())
        ready = pipeline.start_unless_waiting(services, session, connection.tenant_id) if new else []
    services.wake_all(ready)
    return new
