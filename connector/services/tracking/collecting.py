"""Events of a tenant's sites: from browsers by the public key, from the tenant's own servers by the secret.

Durable before the answer. What a sender learns is which of its own events could not be read, nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput, RetryLater
from connector.records import Actor
from connector.services import regions
from connector.services.context import Services
from connector.services.tracking import joining, waking
from connector.services.tracking.batch import Batch, Refusal, Refused, Tracked
from connector.services.tracking.machines import by_machine
from connector.services.tracking.parsing import parse
from connector.services.tracking.placing import Placed, place
from connector.services.tracking.pseudonyms import pseudonyms
from connector.services.tracking.sites import hash_of
from connector.store import sites, tombstones, tracked, visitors
from connector.store.sites import TrackedSite

FROM_PAGE, FROM_SERVER = 50, 500
"""Events in a request."""
PAGE_BYTES, SERVER_BYTES = 64 * 1024, 512 * 1024


class UnknownSite(RejectedInput):
    """No site has this key or secret."""


class ForeignOrigin(RejectedInput):
    """The page that sends is not of the site's origins."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many events were taken (again), and which could not be read."""

    accepted: int
    refused: tuple[Refused, ...]


def site_of_page(services: Services, key: str, origin: str | None) -> TrackedSite:
    """Return the site with a public key if a page of ``origin`` may send to it.

    Raises ``UnknownSite`` and ``ForeignOrigin``.
    """
    if not key.isalnum():
        # A zero byte is in no text that PostgreSQL can compare.
        raise UnknownSite("No site has this key.")
    with services.store.reading() as session:
        site = sites.by_key(session, key)
    if site is None:
        raise UnknownSite("No site has this key.")
    if origin not in site.origins:
        raise ForeignOrigin("This page is not of an origin that is registered for the site.")
    return site


def site_of_server(services: Services, secret: str) -> TrackedSite:
    """Return the site with this secret; raises ``UnknownSite``."""
    with services.store.reading() as session:
        site = sites.by_secret(session, hash_of(secret))
    if site is None:
        raise UnknownSite("The secret is not that of any site. It may have been replaced.")
    return site


def _admit(services: Services, sender: str) -> None:
    """Let a request through; raises ``RetryLater`` where there are too many."""
    wait = services.admit(sender)
    if wait > 0:
        raise RetryLater("This site sends more than is taken at once.", after_seconds=wait)


def from_page(services: Services, site: TrackedSite, body: bytes, user_agent: str | None) -> Receipt:
    """Keep what a visitor's browser sent.

    Raises ``RejectedInput`` where it is no batch, and ``RetryLater`` where a site's pages send too much.
    """
    _admit(services, f"{site.id}:pages")
    batch = parse(body, services.clock.now(), FROM_PAGE)
    if by_machine(user_agent):
        batch = replace(batch, events=tuple(replace(event, machine=True) for event in batch.events))
    return _keep(services, site, batch)


def from_server(services: Services, site: TrackedSite, body: bytes) -> Receipt:
    """Keep what the tenant's own server sent; raises as :func:`from_page` does."""
    _admit(services, f"{site.id}:server")
    return _keep(services, site, parse(body, services.clock.now(), FROM_SERVER))


def _keep(services: Services, site: TrackedSite, batch: Batch) -> Receipt:
    now = services.clock.now()
    with services.store.transaction(site.tenant_id) as session:
        regions.require(services, session, site.tenant_id)
        tombstones.hold(session, site.tenant_id, alone=False)
        fresh = _unknown(session, site, batch.events)
        wanted = _not_forgotten(services, session, site, fresh)
        placed = place(services, session, site, wanted, now)
        joining.join_known(services, session, site.tenant_id, {event.mailbox for event in wanted if event.mailbox})
        _store(session, site, wanted, placed, now)
        _count_refused(session, site, batch, len(fresh) - len(wanted), now)
        acts = {
            visitor
            for visitor, event in zip(placed.visitor_ids, wanted, strict=True)
            if event.kind is not None and not event.machine
        }
        leads = visitors.leads_of(session, site.tenant_id, acts | placed.identified)
        ready = waking.changed(services, session, site.tenant_id, leads)
    services.wake_all(ready)
    return Receipt(len(batch.events), batch.refused)


def _unknown(session: Connection, site: TrackedSite, events: Sequence[Tracked]) -> list[Tracked]:
    """Leave out what was sent before: else a late repetition would say again who somebody was."""
    known = tracked.known(session, site.id, [event.event_id for event in events])
    return [event for event in events if event.event_id not in known]


def _not_forgotten(services: Services, session: Connection, site: TrackedSite, events: list[Tracked]) -> list[Tracked]:
    marks = {event.mailbox: pseudonyms(services, site.tenant_id, event.mailbox) for event in events if event.mailbox}
    gone = tombstones.found(session, site.tenant_id, chain(*marks.values()))
    if not gone:
        return events
    asked = {mailbox: [gone[mark] for mark in own if mark in gone] for mailbox, own in marks.items()}
    ends = {mailbox: max(times) for mailbox, times in asked.items() if times}
    return [event for event in events if event.mailbox not in ends or event.at > ends[event.mailbox]]


def _store(session: Connection, site: TrackedSite, events: list[Tracked], placed: Placed, now: datetime) -> None:
    rows = [
        {
            "tenant_id": site.tenant_id,
            "site_id": site.id,
            "visitor_id": visitor_id,
            "event_id": event.event_id,
            "kind": event.kind or tracked.IDENTIFIED,
            "at": event.at,
            "received_at": now,
            "actor": Actor.MACHINE if event.machine else Actor.LEAD,
            "detail": event.detail,
            "arrival": dict(event.arrival),
        }
        for event, visitor_id in zip(events, placed.visitor_ids, strict=True)
    ]
    tracked.save(session, rows)


def _count_refused(session: Connection, site: TrackedSite, batch: Batch, forgotten: int, now: datetime) -> None:
    counts = Counter(str(item.reason) for item in batch.refused)
    if forgotten:
        counts[Refusal.FORGOTTEN] += forgotten
    if counts:
        tracked.refuse(session, site.tenant_id, site.id, now.date().isoformat(), counts)
