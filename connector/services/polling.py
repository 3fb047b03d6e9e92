"""Reading by the clock: at night everybody is scored anew, and whoever can't tell is read from time to time.

An account that pushes its changes, or that a quick look asks each minute (services/looking), is read in full
once a night: it finds what neither told, and lets silence lower a score. Only an account that does neither is
read again and again.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.errors import RetryLater
from connector.services import pipeline
from connector.services.context import Services
from connector.store import connections, looks, runs, tenants
from connector.store.connections import CrmConnection, Health
from connector.store.runs import Run, RunStatus

FRESH = timedelta(hours=6)
"""A run that began so shortly ago has done what the night would do."""

BUSY_SECONDS = 1800.0
"""While a training is under way the rest waits: it is asked again after so long."""


def nightly(services: Services, tenant_id: UUID) -> None:
    """Read what changed and score everyone; raises ``RetryLater`` while a training is under way."""
    latest = _standing(services, tenant_id)
    if latest is not None and latest.created_at <= services.clock.now() - FRESH:
        _refuse_beside_training(latest)
        _refresh(services, tenant_id)


def retrain(services: Services, tenant_id: UUID) -> None:
    """Train a new model version; raises ``RetryLater`` while another training is under way."""
    with services.store.reading(tenant_id) as session:
        wanted = tenants.get(session, tenant_id).settings.retrain_days > 0
    latest = _standing(services, tenant_id)
    if latest is not None and wanted:
        _refuse_beside_training(latest)
        with services.store.transaction(tenant_id) as session:
            ready = pipeline.start(services, session, tenant_id, pipeline.RETRAIN)
        services.wake_all(ready)


def poll(services: Services, tenant_id: UUID) -> None:
    """Read a tenant one of whose accounts tells nothing, unless it was read within the refresh time."""
    if asked_by_clock(services, tenant_id):
        catch_up(services, tenant_id)


def catch_up(services: Services, tenant_id: UUID) -> None:
    """Read a tenant, whatever its accounts tell, unless it was read within the refresh time."""
    latest = _standing(services, tenant_id)
    rested = services.clock.now() - timedelta(seconds=services.refresh_seconds)
    if latest is not None and latest.finished_at is not None and latest.finished_at <= rested:
        _refresh(services, tenant_id)


def asked_by_clock(services: Services, tenant_id: UUID) -> bool:
    """Tell whether an account of the tenant neither pushes nor can be looked at."""
    with services.store.reading(tenant_id) as session:
        usable = _usable(session, tenant_id)
        return any(_is_silent(services, session, item) for item in usable)


def _is_silent(services: Services, session: Connection, account: CrmConnection) -> bool:
    app = services.apps.get(account.vendor)
    if app is None or app.capabilities.look_seconds is not None:
        return False
    if not app.capabilities.webhooks or account.notice is not None:
        # The notice says that the account could not be asked to push.
        return True
    told = services.hooks.public and not app.capabilities.admin_webhook
    return not (told or looks.has_pushed(session, account.id))


def _usable(session: Connection, tenant_id: UUID) -> list[CrmConnection]:
    return [item for item in connections.of_tenant(session, tenant_id) if item.status is not Health.DISCONNECTED]


def _standing(services: Services, tenant_id: UUID) -> Run | None:
    """Return the newest run of a tenant that can be read; None where it has none or waits for its admin."""
    with services.store.reading(tenant_id) as session:
        latest = runs.latest(session, tenant_id, pipeline.READING)
        usable = _usable(session, tenant_id)
    return latest if latest and usable and latest.status is not RunStatus.STOPPED else None


def _refuse_beside_training(latest: Run) -> None:
    if latest.status is not RunStatus.DONE and latest.kind != pipeline.REFRESH:
        raise RetryLater("A training of this tenant is under way.", after_seconds=BUSY_SECONDS)


def _refresh(services: Services, tenant_id: UUID) -> None:
    with services.store.transaction(tenant_id) as session:
        ready = pipeline.start_unless_waiting(services, session, tenant_id)
    reached(Point.RUN_STARTED)
    services.wake_all(ready)
