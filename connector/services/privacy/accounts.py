"""Accounts that were left are forgotten once their deadline has come: a due row on the clock, resumable at any part."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from connector.crashpoints import Point, reached
from connector.services import acts
from connector.services.context import Services
from connector.services.privacy import leaving
from connector.store import accounts, departures, ledger
from connector.store.departures import Departure

log = logging.getLogger("connector.accounts")

_PART = 500
_LOOK_AGAIN = timedelta(hours=12)
"""While an account waits for its deadline it is asked so often: the clock's other work is done by days."""


def next_look(services: Services, tenant_id: UUID) -> timedelta | None:
    """Return after how long to look again; None where no account of the tenant waits."""
    with services.store.reading(tenant_id) as session:
        waiting = departures.of_tenant(session, tenant_id)
    if not waiting:
        return None
    left = waiting[0].data_due_at - services.clock.now()
    return min(max(left, timedelta(minutes=1)), _LOOK_AGAIN)


def forget_due(services: Services, tenant_id: UUID) -> int:
    """Delete all that accounts told whose deadline has come; return how many accounts are gone."""
    now = services.clock.now()
    with services.store.reading(tenant_id) as session:
        due = [item for item in departures.of_tenant(session, tenant_id) if item.data_due_at <= now]
    return sum(_forget(services, item) for item in due)


def _forget(services: Services, departure: Departure) -> bool:
    """Delete one account; False where it is connected again, or the goodbye is being said just now."""
    if departure.ended_at is None and not leaving.carry_out(services, departure.connection_id):
        return False
    while True:
        with services.store.transaction(departure.tenant_id) as session:
            ledger.lock(session, departure.tenant_id)
            if departures.find(session, departure.connection_id) is None:
                return False
            if not accounts.forget_some(session, departure.tenant_id, departure.connection_id, _PART):
                break
        reached(Point.LEAVING_FORGOTTEN)
    _end(services, departure)
    reached(Point.LEAVING_GONE)
    services.store.scrub()
    return True


def _end(services: Services, departure: Departure) -> None:
    with services.store.transaction(departure.tenant_id) as session:
        accounts.remove(session, departure.connection_id)
        if accounts.remove_tenant(session, departure.tenant_id):
            log.info("tenant %s has no account any more: everything of theirs is gone", departure.tenant_id)
            return
        which = str(departure.connection_id)
        acts.record(services, session, departure.tenant_id, "forgot an account", connection=which)
