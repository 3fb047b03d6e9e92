"""What is done by the clock, tenant by tenant. The sweep finds the rows that are due (store/schedules).

No process has to be there at an exact time: whatever was missed is done once when somebody sweeps again,
and is due next as if it had been in time. Two sweeps at once do no harm: a row is claimed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from connector.errors import ConnectorError, RetryLater
from connector.services import polling, regions, usage, verification
from connector.services.audit import checking
from connector.services.champions import canary
from connector.services.context import Services
from connector.services.digest import sending
from connector.services.digest.addresses import ALERTS
from connector.services.drift import watching
from connector.services.enrichment import buying
from connector.services.enrichment.sources import KIND as ENRICH
from connector.services.experiments import judging
from connector.services.feedback import overriding
from connector.services.forecasts import weekly
from connector.services.goodbye import FORGET_ACCOUNTS
from connector.services.kpis import making
from connector.services.nights import next_night, place_of
from connector.services.periodic import asking
from connector.services.periodic import sending as reporting
from connector.services.pitfalls import watching as pitfall_watch
from connector.services.privacy import accounts
from connector.services.privacy import retention as keeping_time
from connector.services.tracking import retention
from connector.store import connections, schedules, tenants
from connector.store.schedules import Entry, Next

log = logging.getLogger("connector.schedules")

_DAY = timedelta(days=1)
_ROWS = 500
"""Rows of a kind that one sweep enters or announces at most; the next one takes the rest."""

LOOKED_FOR = timedelta(hours=1)
"""So often all tenants are looked through although none was added: another version may know other kinds."""
RETRIED_AFTER = timedelta(minutes=1)
"""After so long somebody looks again where a look did not end."""

LEASE = timedelta(minutes=15)
"""For so long a worker may be at one; one that died with it is followed by another then."""

LEAST_PAUSE = timedelta(minutes=1)
ASKED_AGAIN = timedelta(hours=6)
"""So often it is asked whether an account that told its changes still does. It costs the CRM nothing."""

OUTAGE = timedelta(minutes=10)
"""Without a sweep for longer the product was down, so that vendors may have given up pushing."""

CATCHING_UP = timedelta(minutes=30)
"""All accounts are read within so long after an outage."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is done by the clock.

    ``run`` may be told twice to do the same; raises ``RetryLater`` to be asked again. ``cadence`` is None for
    what is done only when somebody asks for it; from a day on it is done in the tenant's night, ``minutes``
    after its place there.
    """

    run: Callable[[Services, UUID], object]
    cadence: Callable[[Services, UUID], timedelta | None]
    minutes: int = 0


def every(**parts: int) -> Callable[[Services, UUID], timedelta]:
    """Return a cadence that is the same for all, such as ``every(days=1)``."""
    span = timedelta(**parts)
    return lambda _services, _tenant_id: span


def _retraining(services: Services, tenant_id: UUID) -> timedelta:
    with services.store.reading(tenant_id) as session:
        days = tenants.get(session, tenant_id).settings.retrain_days
    # Who wants none may change their mind.
    return timedelta(days=days) if days > 0 else _DAY


def _polling(services: Services, tenant_id: UUID) -> timedelta:
    asked = polling.asked_by_clock(services, tenant_id)
    return timedelta(seconds=services.refresh_seconds) if asked else ASKED_AGAIN


def _on_demand(_services: Services, _tenant_id: UUID) -> None:
    return None


CATCH_UP = "catch_up"
KINDS: Mapping[str, Kind] = {
    # A new model, and everyone scored by it.
    "retrain": Kind(polling.retrain, _retraining),
    # Everyone scored anew, so that silence lowers a score; not in a night that retrains.
    "nightly": Kind(polling.nightly, every(days=1), minutes=5),
    # Accounts that tell nothing, read every few minutes.
    "poll": Kind(polling.poll, _polling),
    # Accounts that tell their changes, read once after an outage of ours.
    CATCH_UP: Kind(polling.catch_up, _on_demand),
    # Whether those who come still look like those whom the model learned from.
    watching.KIND: Kind(watching.watch, every(days=1), minutes=45),
    # A sample of what was written, read back from each CRM.
    "verify": Kind(verification.verify_tenant, every(days=1), minutes=30),
    # What is forecast of the week's list, and what came of former ones.
    "forecast": Kind(weekly.run, every(days=7), minutes=40),
    # Whether a model that is tried on a share of the leads may stay.
    canary.KIND: Kind(canary.watch, every(days=1), minutes=50),
    # What the arms of a running experiment differ by.
    "experiment": Kind(judging.look, every(days=7), minutes=45),
    # What the scores are worth, in figures.
    making.KIND: Kind(making.make, making.cadence, minutes=50),
    # The week in figures, to whom owners put on the list; and alerts as they open.
    "digest": Kind(sending.send_digests, every(days=7), minutes=55),
    ALERTS: Kind(sending.send_alerts, sending.cadence, minutes=65),
    # Whether the tenant stands in one of the known pitfalls; before the alerts, which tell of it.
    pitfall_watch.KIND: Kind(pitfall_watch.look, sending.cadence, minutes=55),
    # What the last month was worth; how the last quarter was used and what it cost. Made once each, then sent.
    "month": Kind(reporting.monthly, reporting.each_month, minutes=70),
    "quarter": Kind(reporting.quarterly, reporting.each_quarter, minutes=80),
    asking.ASKED: Kind(asking.make_now, _on_demand),
    # Scores that people set by hand, once their last day is over; due only where one has an end.
    overriding.KIND: Kind(overriding.end_due, overriding.cadence),
    # Companies that a tenant's providers were not asked about; due only where one is turned on.
    ENRICH: Kind(buying.run, buying.cadence),
    # Whether the whole ledger is as it was written; sooner when somebody asks.
    checking.KIND: Kind(checking.check, every(days=7), minutes=85),
    # What sites told of people whom no CRM knows, once its time is over.
    "purge": Kind(retention.purge, every(days=1), minutes=60),
    # What was kept for its time, kind by kind.
    "retention": Kind(keeping_time.purge, every(days=1), minutes=75),
    # Accounts that were disconnected, once their deadline has come.
    FORGET_ACCOUNTS: Kind(accounts.forget_due, accounts.next_look),
}


def enter(services: Services) -> bool:
    """Add the rows of tenants that are new, or older than a kind; tell whether there may be more."""
    most = 0
    for name, kind in KINDS.items():
        with services.store.reading() as session:
            found = schedules.without(session, name, _ROWS)
        most = max(most, len(found))
        if found:
            first = {tenant_id: _next(services, tenant_id, kind) for tenant_id in found}
            with services.store.transaction() as session:
                schedules.enter(session, name, first)
    return most == _ROWS


def enter_new(services: Services) -> None:
    """Add rows where a tenant was added, and else once in a while: a sweep does not look through all tenants."""
    now = services.clock.now()
    with services.store.reading() as session:
        if schedules.looked(session, now - LOOKED_FOR):
            return
    # Until the look has ended it counts for a minute alone: whoever looks may die, or find no database.
    begun = now - LOOKED_FOR + RETRIED_AFTER
    with services.store.transaction() as session:
        schedules.note_look(session, begun)
    more = enter(services)
    with services.store.transaction() as session:
        if more:
            schedules.look_again(session)
        else:
            schedules.end_look(session, begun, now)


def due(services: Services) -> Sequence[tuple[UUID, str]]:
    """Return (tenant, kind) of what is to be done now."""
    with services.store.reading() as session:
        found = schedules.due(session, services.clock.now(), _ROWS)
    # A row of an older or newer version of the product waits for that.
    return [(tenant_id, name) for tenant_id, name in found if name in KINDS]


def carry_out(services: Services, tenant_id: UUID, name: str) -> bool:
    """Do what is due, and note when it is due next; tell whether it was done. False where another is at it."""
    kind, now = KINDS[name], services.clock.now()
    lease = now + LEASE
    with services.store.transaction(tenant_id) as session:
        if not regions.serves(services, session, tenant_id):
            log.error("%s of tenant %s is not done: their region is not %s", name, tenant_id, services.region)
            return False
        if not schedules.claim(session, tenant_id, name, now, lease):
            return False
    try:
        with usage.metered(services, tenant_id):
            kind.run(services, tenant_id)
    except RetryLater as later:
        pause = max(LEAST_PAUSE, timedelta(seconds=later.after_seconds))
        with services.store.transaction(tenant_id) as session:
            schedules.postpone(session, tenant_id, name, lease, services.clock.now() + pause)
        return False
    except ConnectorError as error:
        # Only a person can mend it, and the next run tells them: asking sooner tells nothing new.
        log.warning("%s of tenant %s was not done: %s", name, tenant_id, error)
    following = _next(services, tenant_id, kind)
    with services.store.transaction(tenant_id) as session:
        schedules.finish(session, tenant_id, name, lease, following, now)
    return True


def _next(services: Services, tenant_id: UUID, kind: Kind) -> Next:
    """Return when a kind is due next, counted from now: what was missed is not made up for."""
    cadence, now = kind.cadence(services, tenant_id), services.clock.now()
    if cadence is None:
        return Next(None, None)
    if cadence < _DAY:
        return Next(now + cadence, cadence)
    with services.store.reading(tenant_id) as session:
        accounts = connections.of_tenant(session, tenant_id)
    zone = accounts[0].time_zone if accounts else "UTC"
    offset = timedelta(minutes=kind.minutes)
    return Next(next_night(tenant_id, zone, now + cadence - _DAY - offset) + offset, cadence)


def notice_outage(services: Services) -> int:
    """Note that somebody sweeps; after a long silence let all accounts be read. Returns how many tenants' are."""
    now = services.clock.now()
    with services.store.transaction() as session:
        silent = schedules.beat(session, "sweep", now, timedelta(minutes=1))
        if silent < OUTAGE:
            return 0
        found = schedules.tenants_of(session, CATCH_UP)
        schedules.bring_forward(
            session, CATCH_UP, {tenant_id: now + place_of(tenant_id, CATCHING_UP) for tenant_id in found}
        )
    log.warning(
        "nobody swept for %.0f minutes: the accounts of %d tenants are read", silent.total_seconds() / 60, len(found)
    )
    return len(found)


def sweep(services: Services) -> Sequence[tuple[UUID, str]]:
    """Enter what is new, and return (tenant, kind) of what is to be done now."""
    notice_outage(services)
    enter_new(services)
    return due(services)


def of_tenant(services: Services, tenant_id: UUID) -> Sequence[Entry]:
    """Return what is due for a tenant and when, the next one first."""
    with services.store.reading(tenant_id) as session:
        return schedules.of_tenant(session, tenant_id)
