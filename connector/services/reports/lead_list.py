"""The leads page: who to call first, and why; and who is called so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Tier
from connector.services.addresses import mailbox_of
from connector.services.context import Services
from connector.services.opening import called
from connector.services.reports.people import Person, people_of
from connector.services.tracking.pseudonyms import person_key_of
from connector.services.views import Asked
from connector.store import connections, lead_list
from connector.store.connections import CrmConnection
from connector.store.lead_list import Owner, Place, Wanted
from connector.store.searching import folded
from connector.store.types import AnyRow

PAGE_SIZE = 50
_REASONS = 2
EVERYBODY = Asked()


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One lead. ``probability`` is the calibrated chance; ``reasons`` the strongest that speak for it.

    ``tier``, ``score`` and ``probability`` are None of a lead without a score. ``acted_at``: when it did something
    last, as far as a CRM tells. ``owners``: who has its records, as their CRMs call them. ``set_by_hand``: what CRMs
    are told instead of the model's score and tier, as a person said.
    """

    lead_id: int
    person: Person
    score: Decimal | None
    probability: float | None
    tier: Tier | None
    reasons: tuple[str, ...]
    acted_at: datetime | None = None
    owners: tuple[str, ...] = ()
    set_by_hand: tuple[Decimal, Tier] | None = None


@dataclass(frozen=True, slots=True)
class LeadPage:
    """One page of the table. ``following`` is None on the last page; ``counts`` is tier → leads, up to a bound.

    ``owners``: those who may be asked for, with what they are called.
    """

    rows: tuple[LeadRow, ...]
    counts: Mapping[Tier, int]
    following: Place | None
    accounts: Sequence[CrmConnection]
    owners: Mapping[Owner, str]

    @property
    def total(self) -> int:
        """How many leads have a score, as far as they were counted."""
        return sum(self.counts.values())

    def told(self, counts: Sequence[int]) -> str:
        """Return the sum of counts in words: "10,000+" where one was not counted to its end."""
        whole = all(count <= lead_list.MOST_COUNTED for count in counts)
        return f"{sum(counts):,}" if whole else f"{lead_list.MOST_COUNTED:,}+"


@dataclass(frozen=True, slots=True)
class Found:
    """The leads that a search found, the highest scores first. ``more``: others fit as well."""

    rows: tuple[LeadRow, ...]
    more: bool


def lead_page(services: Services, tenant_id: UUID, asked: Asked = EVERYBODY, *, after: Place | None = None) -> LeadPage:
    """Return up to 50 scored leads, highest score first unless asked otherwise, from behind ``after``."""
    wanted = _wanted(asked, services.clock.now())
    with services.store.reading(tenant_id) as session:
        # One more than is shown tells whether another page follows.
        found, ended = lead_list.page(session, tenant_id, wanted, after, PAGE_SIZE + 1)
        shown = found[:PAGE_SIZE]
        rows = lead_rows(services, session, tenant_id, shown)
        counts = lead_list.counted(session, tenant_id, Tier)
        accounts = connections.of_tenant(session, tenant_id)
        owners = lead_list.owners(session, tenant_id, [item.id for item in accounts])
    last = shown[-1] if len(found) > PAGE_SIZE else None
    return LeadPage(
        rows=rows,
        counts={band: counts[band] for band in Tier},
        following=(last.score, last.lead_id) if last else ended,
        accounts=accounts,
        owners=_called(services, owners, accounts),
    )


def _wanted(asked: Asked, now: datetime) -> Wanted:
    since = now - timedelta(days=asked.days) if asked.days is not None else None
    return Wanted(asked.tier, asked.company, asked.account, since, asked.owner, asked.lowest_first)


def _called(services: Services, owners: Iterable[Owner], accounts: Sequence[CrmConnection]) -> dict[Owner, str]:
    """Return what owners are called: their id, and the account that gave it, as each has ids of its own."""
    names = {item.id: called(services, item) for item in accounts}
    return {owner: f"{owner[1]} in {names.get(owner[0], 'an account')}" for owner in owners}


def search(services: Services, tenant_id: UUID, text: str) -> Found | None:
    """Return the leads whose name or company begins so, or whose address it is; None of an empty text."""
    begins = folded(text)
    if begins is None:
        return None
    mailbox = mailbox_of(text.strip()) if "@" in text else None
    with services.store.reading(tenant_id) as session:
        ids, more = lead_list.called(session, tenant_id, begins)
        if mailbox is not None:
            ids |= lead_list.addressed(session, tenant_id, person_key_of(mailbox))
        rows = lead_list.best_of(session, tenant_id, ids, PAGE_SIZE)
        return Found(lead_rows(services, session, tenant_id, rows), more or len(ids) > len(rows))


def lead_rows(services: Services, session: Connection, tenant_id: UUID, found: Sequence[AnyRow]) -> tuple[LeadRow, ...]:
    """Return leads (lead_id, score, probability, tier, reasons, by_hand) with who they are."""
    ids = [row.lead_id for row in found]
    people = people_of(session, tenant_id, ids)
    acted = lead_list.last_acts(session, tenant_id, ids)
    owned = lead_list.owners_of(session, tenant_id, ids)
    every = {one for some in owned.values() for one in some}
    names = _called(services, every, connections.of_tenant(session, tenant_id))
    return tuple(
        _row(
            row,
            people[row.lead_id],
            acted.get(row.lead_id),
            tuple(dict.fromkeys(names[one] for one in owned.get(row.lead_id, ()))),
        )
        for row in found
    )


def _row(row: AnyRow, person: Person, acted_at: datetime | None, owners: tuple[str, ...]) -> LeadRow:
    raising = [reason["sentence"] for reason in row.reasons or () if reason["contribution"] > 0]
    scored = row.score is not None
    return LeadRow(
        lead_id=row.lead_id,
        person=person,
        score=Decimal(row.score) if scored else None,
        probability=float(row.probability) if scored else None,
        tier=Tier(row.tier) if scored else None,
        reasons=tuple(raising[:_REASONS]),
        acted_at=acted_at,
        owners=owners,
        set_by_hand=(Decimal(row.by_hand["score"]), Tier(row.by_hand["tier"])) if row.by_hand else None,
    )
