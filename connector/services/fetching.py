"""Read the people that hints name, as many at a time as the CRM gives best, and take them in at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

from connector.adapters.contract import CrmAdapter
from connector.errors import RetryLater
from connector.records import Page
from connector.services import identity, overwriting, sync
from connector.services.opening import app_of
from connector.services.soundness import sound
from connector.services.turn import Turn
from connector.store import events, inbox, persons, records
from connector.store.inbox import Person

PARALLEL_READS = 10
"""A whole turn of a CRM that gives 50 people a request is one wave."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What the CRM said of people, asked at ``asked_at``. ``refused``: it had no room left for others."""

    asked_at: datetime
    pages: tuple[Page, ...]
    people: tuple[Person, ...]
    refused: RetryLater | None


def fetch(adapter: CrmAdapter, turn: Turn, vendor: str, people: Sequence[Person]) -> Fetched:
    """Read people side by side; raise what the CRM raised where nobody could be read."""
    size = app_of(turn.services, vendor).capabilities.read_batch
    asked_at = turn.services.clock.now()
    # What people did on the tenant's own sites is here already: the CRM knows nothing new of them.
    read = [person for person in people if person.known_here]
    asked = [person for person in people if not person.known_here]
    batches = [asked[start : start + size] for start in range(0, len(asked), size)]
    if len(batches) <= 1:
        return Fetched(asked_at, tuple(_page(adapter, batch) for batch in batches), tuple(people), None)
    pages: list[Page] = []
    refused: RetryLater | None = None
    with ThreadPoolExecutor(PARALLEL_READS, thread_name_prefix="fetch") as pool:
        for batch, reading in [(batch, pool.submit(_page, adapter, batch)) for batch in batches]:
            try:
                pages.append(reading.result())
                read += batch
            except RetryLater as later:
                refused = refused or later
    if refused is not None and not pages:
        raise refused
    return Fetched(asked_at, tuple(pages), tuple(read), refused)


def _page(adapter: CrmAdapter, people: Sequence[Person]) -> Page:
    page = sound(adapter.read_records(sorted(person.vendor_id for person in people)), sync.HINTED)
    forgotten = {person.vendor_id for person in people if inbox.ERASED in person.kinds}
    return sync.erasing(page, forgotten)


def take_in(adapter: CrmAdapter, turn: Turn, found: Fetched) -> set[int]:
    """Store what was read and join it to its persons; return the leads that may score differently by it."""
    page = together(found.pages)
    read = {item.record_id for item in page.records}
    here = {person.vendor_id for person in found.people if person.known_here}
    named = read | {item.record_id for item in page.removals}
    named |= {item.merged_into for item in page.removals if item.merged_into}
    with turn.transaction() as session:
        gone = records.ids_by_vendor_id(session, turn.connection_id, named - read)
        former = persons.leads_of(session, turn.tenant_id, list(gone.values())) if gone else set()
        if found.pages:
            sync.store_page(session, turn, page, found.asked_at)
            overwriting.notice(session, turn.connection_id, adapter, page.records)
            events.resolve_subjects(session, turn.connection_id, page.records)
        known = records.ids_by_vendor_id(session, turn.connection_id, named | here)
        now = turn.services.clock.now()
        return identity.identify_records(session, turn.tenant_id, sorted(known.values()), now, former)


def together(pages: Sequence[Page]) -> Page:
    """Return one page of several that were read side by side: stored at once, they cost as many statements as one.

    Where two of them tell of the same record, what the CRM changed last counts.
    """

    def all_of(name: str) -> tuple[Any, ...]:
        return tuple(chain.from_iterable(map(attrgetter(name), pages)))

    return Page(
        cursor={},
        drained=True,
        records=tuple(sorted(all_of("records"), key=attrgetter("modified_at"))),
        companies=all_of("companies"),
        changes=all_of("changes"),
        events=all_of("events"),
        conversions=all_of("conversions"),
        retractions=all_of("retractions"),
        removals=all_of("removals"),
        rejections=all_of("rejections"),
    )
