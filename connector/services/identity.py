"""Identity: which records are the same person, and which company stands behind them.

Records join by mailbox, then by what a CRM links (a converted lead and its contact); a record with
neither is a lead of its own. Every decision depends on the records alone, not on the order of
reading, and a record that an admin set apart joins nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.services.addresses import company_domain, email_kind, mailbox_of, normalised_email
from connector.services.context import Services
from connector.services.feedback import matching
from connector.services.job import Job, TurnOverError
from connector.services.tracking import joining
from connector.store import events, leads, ledger, objections, persons, successions
from connector.store.connections import of_tenant
from connector.store.leads import NewLead
from connector.store.successions import Left
from connector.store.types import AnyRow

_CHUNK = 2_000


def run(job: Job) -> None:
    """Give every new record its lead, every early event its record, and every visitor who waits their person.

    The real-time lane joins persons of the same tenant at the same time: both hold the tenant's ledger. May stop
    half-way to let others work.
    """
    for connection in _connections(job):
        with job.transaction() as session:
            events.resolve_subjects(session, connection)
    done = 0
    while True:
        with job.transaction() as session:
            ledger.lock(session, job.tenant_id)
            joined = identify(session, job.tenant_id, _CHUNK, job.services.clock.now())
            done += joined
            job.report(session, done=done, expected=done)
        reached(Point.IDENTIFIED)
        if joined < _CHUNK:
            break
        if job.turn_is_over():
            raise TurnOverError
    with job.transaction() as session:
        ledger.lock(session, job.tenant_id)
        conclude(job.services, session, job.tenant_id)


def conclude(services: Services, session: Connection, tenant_id: UUID) -> None:
    """Do what takes all records of a tenant at once, when each has a lead by its own key."""
    follow_links(session, tenant_id, services.clock.now())
    joining.join_waiting(services, session, tenant_id)
    leads.drop_orphans(session, tenant_id)
    objections.honour(session, tenant_id)


def _connections(job: Job) -> list[Any]:
    with job.services.store.reading(job.tenant_id) as session:
        return [connection.id for connection in of_tenant(session, job.tenant_id)]


def identify(session: Connection, tenant_id: UUID, limit: int, now: datetime) -> int:
    """Join at most ``limit`` new or changed records by their own keys; return how many there were.

    Leads that lose their last record end at the end of the pass (``leads.drop_orphans``).
    """
    waiting = persons.unidentified(session, tenant_id, limit)
    _join(session, tenant_id, waiting, now)
    return len(waiting)


def _join(session: Connection, tenant_id: UUID, waiting: Sequence[AnyRow], now: datetime) -> None:
    """Give each of these records the lead of its own key."""
    keys = {row.id: person_key(row) for row in waiting}
    ids = leads.save(session, tenant_id, [NewLead(keys[row.id], row.created_at, None, None) for row in waiting])
    joins = [
        {
            "record": row.id,
            "lead": ids[keys[row.id]],
            "reason": _reason(row),
            "own": keys[row.id],
            "telling": row.telling,
        }
        for row in waiting
    ]
    successions.note(session, tenant_id, persons.assign(session, joins), now)
    # The lead that a record leaves is another one without it.
    _describe(session, tenant_id, {*ids.values(), *(row.lead_id for row in waiting if row.lead_id is not None)}, now)


def identify_records(
    session: Connection, tenant_id: UUID, record_ids: Sequence[int], now: datetime, former: Set[int] = frozenset()
) -> set[int]:
    """Join these records alone, to the persons that a pass over all records would find; return the leads concerned.

    Only a part of the graph can look different by them: that of their former persons (``former``: those of
    records that were erased), and what their keys and links are connected with now.
    """
    beside = persons.beside(session, tenant_id, record_ids)
    around = sorted({*record_ids, *beside})
    before = former | persons.leads_of(session, tenant_id, around)
    waiting = persons.unidentified(session, tenant_id, len(around), around)
    if not (waiting or beside or former):
        objections.honour(session, tenant_id, before)
        # Known people under known addresses, without links: the commonest case needs no more questions.
        return set(before)
    _join(session, tenant_id, waiting, now)
    concerned = before | persons.leads_of(session, tenant_id, around)
    pairs, keys = _connected_with(session, tenant_id, persons.keys_of_leads(session, tenant_id, sorted(concerned)))
    wanted = _homes(pairs, keys)
    homes = persons.homes(session, tenant_id, sorted(keys))
    concerned |= {lead for lead, _, _ in homes}
    astray = {key: wanted[key] for _, key, home in homes if wanted[key] != home}
    concerned |= _move(session, tenant_id, astray, now)
    _describe(session, tenant_id, concerned, now)
    leads.drop_orphans(session, tenant_id, sorted(concerned))
    objections.honour(session, tenant_id, concerned)
    return leads.existing(session, tenant_id, sorted(concerned))


def _connected_with(session: Connection, tenant_id: UUID, keys: Set[str]) -> tuple[list[tuple[str, str]], set[str]]:
    """Follow links from these keys to where they end; return the pairs, and all keys that were met."""
    pairs: set[tuple[str, str]] = set()
    met: set[str] = set()
    ahead = set(keys)
    while ahead:
        met |= ahead
        pairs.update(persons.linked(session, tenant_id, sorted(ahead)))
        ahead = {key for pair in pairs for key in pair} - met
    return sorted(pairs), met


def _reason(row: AnyRow) -> str:
    if row.apart:
        return "set apart"
    return "same e-mail address" if normalised_email(row.email) else "own record"


def follow_links(session: Connection, tenant_id: UUID, now: datetime) -> None:
    """Join what a CRM links, and part again what nothing links any more.

    The parts of the graph of links are the persons; each takes the lead of its smallest key, so that
    neither the order of reading nor that of joining matters.
    """
    pairs = persons.linked(session, tenant_id)
    keys = {key for pair in pairs for key in pair} | persons.displaced(session, tenant_id)
    _describe(session, tenant_id, _move(session, tenant_id, _homes(pairs, keys), now), now)


def _homes(pairs: Sequence[tuple[str, str]], keys: Set[str]) -> dict[str, str]:
    """Return each key's home: the smallest key that it is connected with, or itself."""
    found = {key: min(part) for part in connected(pairs) for key in part}
    return {key: found.get(key, key) for key in keys}


def _move(session: Connection, tenant_id: UUID, wanted: Mapping[str, str], now: datetime) -> set[int]:
    """Give all records of each key to the lead of its home; return those leads."""
    if not wanted:
        return set()
    fresh = [NewLead(key, datetime.max.replace(tzinfo=UTC), None, None) for key in set(wanted.values())]
    ids = leads.save(session, tenant_id, fresh)
    left: list[Left] = []
    for key, target in wanted.items():
        alone = "own record" if key.startswith("record:") else "same e-mail address"
        reason = alone if key == target else "linked in the CRM"
        left += persons.move(session, tenant_id, key, ids[target], reason)
    successions.note(session, tenant_id, left, now)
    return set(ids.values())


def connected(pairs: Sequence[tuple[str, str]]) -> list[set[str]]:
    """Return the connected parts of a graph that is given by its edges."""
    # Imported here: the web process imports this module and never joins anything.
    import numpy as np
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    names = sorted({name for pair in pairs for name in pair})
    if not names:
        return []
    place = {name: number for number, name in enumerate(names)}
    edges = np.array([[place[one], place[other]] for one, other in pairs])
    graph = coo_array((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(len(names), len(names)))
    count, labels = connected_components(graph, directed=False)
    parts: list[set[str]] = [set() for _ in range(count)]
    for name, label in zip(names, labels, strict=True):
        parts[label].add(name)
    return parts


def _describe(session: Connection, tenant_id: UUID, lead_ids: Set[int], now: datetime) -> None:
    """Derive what is known of leads from all their records, whichever came first, and whether they are left out."""
    mine: dict[int, list[AnyRow]] = {}
    for row in persons.of_leads(session, tenant_id, sorted(lead_ids)):
        mine.setdefault(row.lead_id, []).append(row)
    leads.describe(session, [{"lead": lead, **described(rows)} for lead, rows in mine.items()])
    matching.refresh(session, tenant_id, mine, now)


def described(rows: Sequence[AnyRow]) -> dict[str, Any]:
    """Return ``created``, ``company`` and ``kind`` of the person behind these records.

    The earliest creation; a CRM's own company before one that an address tells, the earliest first.
    """
    ordered = sorted(rows, key=lambda row: (row.created_at, str(row.connection_id), row.vendor_id))
    companies = [key for row in sorted(ordered, key=lambda row: not row.company_id) if (key := company_key(row))]
    kinds = [kind for row in ordered if (kind := email_kind(row.email))]
    return {
        "created": ordered[0].created_at,
        "company": companies[0] if companies else None,
        "kind": kinds[0] if kinds else None,
    }


def person_key(row: AnyRow) -> str:
    """Return what makes a record's person the same: the mailbox, else (and where set apart) the record itself."""
    mailbox = None if row.apart else mailbox_of(row.email)
    return f"email:{mailbox}" if mailbox else f"record:{row.connection_id}:{row.vendor_id}"


def company_key(row: AnyRow) -> str | None:
    """Return the company behind a record: the CRM's own association first, else the address's domain."""
    if row.company_id:
        return str(row.domain or f"{row.connection_id}:{row.company_id}").lower()
    return company_domain(row.email)
