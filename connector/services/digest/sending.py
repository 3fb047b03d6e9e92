"""Send what is to be told to each address, and note what came of it.

What was sent is noted in a transaction of its own after each address: a worker that dies in between sends one message
twice, under the same id. What passes is tried again while the rest goes on; what does not is told on the page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from connector.errors import RetryLater
from connector.services.context import Services
from connector.services.digest import messages, posting
from connector.services.digest.alerts import Alert, open_alerts
from connector.services.digest.messages import Said
from connector.services.kpis import making
from connector.services.kpis.shapes import KpiReport
from connector.services.objectives.measuring import standing
from connector.store import ledger, recipients, tenants
from connector.store.recipients import Recipient

HOURLY, DAILY = timedelta(hours=1), timedelta(days=1)
ONE_DIGEST = timedelta(days=6)
"""An address that was sent a digest gets none for so long, however often a turn is begun again."""
FRESH = timedelta(days=8)
"""Figures that are older are made anew before they are sent."""


def send_digests(services: Services, tenant_id: UUID) -> None:
    """Send the week to every address that did not get it; raises ``RetryLater`` where some have to be tried again."""
    found = open_alerts(services, tenant_id)
    _raise(_digest(services, tenant_id, services.clock.now() - ONE_DIGEST, found))


def send_alerts(services: Services, tenant_id: UUID) -> None:
    """Tell each address of alerts that opened since, and new ones of the week; raises ``RetryLater`` as above."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        held = recipients.of_tenant(session, tenant_id)
        name = tenants.get(session, tenant_id).name
    if not held:
        return
    found = open_alerts(services, tenant_id)
    with services.store.transaction(tenant_id) as session:
        recipients.keep_open(session, tenant_id, [alert.key for alert in found])
    # A new address gets the open alerts with its first digest, and one that missed the last gets that.
    later = _digest(services, tenant_id, now - FRESH, found)
    for recipient in held:
        with services.store.reading(tenant_id) as session:
            heard = recipients.alerts_told(session, recipient)
        fresh = [alert for alert in found if alert.key not in heard]
        if recipient.digest_at is not None and fresh:
            said = messages.alert(name, fresh, services.hooks.public_url)
            later = _tell(services, recipient, said, f"alert-{now:%Y%m%dT%H%M}", fresh, {}) or later
    _raise(later)


def _raise(later: RetryLater | None) -> None:
    if later is not None:
        raise later


def cadence(services: Services, tenant_id: UUID) -> timedelta:
    """Return how often it is looked for alerts: each hour where there is somebody to tell."""
    with services.store.reading(tenant_id) as session:
        return HOURLY if recipients.of_tenant(session, tenant_id) else DAILY


def _digest(services: Services, tenant_id: UUID, before: datetime, alerts: Sequence[Alert]) -> RetryLater | None:
    """Send the week where the last digest was settled ``before`` then, or never; return what has to be tried again."""
    with services.store.reading(tenant_id) as session:
        held = recipients.of_tenant(session, tenant_id)
        name = tenants.get(session, tenant_id).name
    due = [item for item in held if item.digest_at is None or item.digest_at < before]
    if not due:
        return None
    report = _figures(services, tenant_id)
    said = messages.digest(name, report, alerts, services.hooks.public_url, standing(services, tenant_id))
    later: RetryLater | None = None
    for recipient in due:
        settled = {"digest_at": services.clock.now()}
        later = _tell(services, recipient, said, f"digest-{report.made_at:%Y%m%dT%H%M%S}", alerts, settled) or later
    return later


def _figures(services: Services, tenant_id: UUID) -> KpiReport:
    newest = making.newest(services, tenant_id)
    if newest is None or newest.made_at < services.clock.now() - FRESH:
        return making.make(services, tenant_id)
    return newest


def _tell(
    services: Services,
    recipient: Recipient,
    said: Said,
    what: str,
    alerts: Sequence[Alert],
    settled: Mapping[str, object],
) -> RetryLater | None:
    """Send to one address and note how it went; return what passes, for who calls to be tried again."""
    now, posted = services.clock.now(), posting.post(services, recipient, said, what)
    changed = {**posted.noted(now), **(settled if posted.settled else {})}
    with services.store.transaction(recipient.tenant_id) as session:
        ledger.lock(session, recipient.tenant_id)
        recipients.note(session, recipient, **changed)
        recipients.tell(session, recipient, {alert.key for alert in alerts} if posted.settled else (), now)
    return posted.later
