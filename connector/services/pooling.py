"""Learning from other tenants: opting in and out, what is taken before a training and given after it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services import acts
from connector.services.context import Services
from connector.services.job import Job
from connector.store import shares, tenants
from connector.store.shares import ShareKey
from connector.store.tenants import Tenant

_DATED = "dated"


def choose(services: Services, tenant_id: UUID, *, on: bool) -> None:
    """Opt a tenant in or out, on the record; opting out deletes at once what it gave.

    Models that were trained from it before keep what was pooled until they are trained again.
    """
    with services.store.transaction(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        tenants.save_settings(session, tenant_id, replace(settings, pooling=on))
        deleted = 0 if on else shares.withdraw(session, tenant_id)
        acts.record(services, session, tenant_id, "set pooling", on=on, shares_deleted=deleted)


def taken(services: Services, tenant: Tenant) -> list[dict[str, Any]] | None:
    """What others give to this tenant's training; None: it is not opted in, and neither gives nor takes."""
    if not tenant.settings.pooling or tenant.settings.timing != _DATED:
        return None
    with services.store.reading() as session:
        return shares.of_others(session, tenant, ShareKey.of(tenant.settings))


def given(session: Connection, job: Job, trained: Tenant, share: dict[str, Any] | None) -> None:
    """Keep what a training gives; ``trained``: the tenant as it was when that began.

    Where it has too little to give by now, or has opted out meanwhile, what it gave before is deleted.
    """
    key = ShareKey.of(trained.settings)
    if not tenants.get(session, trained.id).settings.pooling:
        shares.withdraw(session, trained.id)
    elif share is None:
        shares.withdraw(session, trained.id, key)
    else:
        shares.keep(session, trained.id, key, share, job.services.clock.now())
