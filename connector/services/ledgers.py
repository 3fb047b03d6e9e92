"""Ledgers as an operator looks after them: verified, their heads written down elsewhere, sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crypto import Seal
from connector.errors import CorruptLedger, RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.store import heads, leads, ledger, successions
from connector.store.ledger import Verification

Kept = Mapping[UUID, Mapping[int, str]]
"""Hashes of entries that were written down elsewhere: tenant → sequence number → hash."""

_SEALS = {
    Seal.MISSING: (
        "Its head carries no seal: somebody took it away or computed the chain anew, or it stems from a release "
        "before seals and `connector migrate` was not run with its keys."
    ),
    Seal.FORGED: "The seal on its head is not ours: the chain was computed anew or cut off.",
    Seal.BEHIND: "The seal stands on entry {sealed_to} of {entries}: what follows was not entered by this product.",
    Seal.UNKNOWN_KEY: (
        "The seal on its head was made with a key that is not configured. Add it to CONNECTOR_ENCRYPTION_KEYS."
    ),
}


def verify(services: Services, tenant_id: UUID, kept: Mapping[int, str] | None = None) -> Verification:
    """Recompute a tenant's chain and check its seal, and its entries against hashes that were ``kept`` elsewhere."""
    with services.store.reading(tenant_id) as session:
        return ledger.verify(session, tenant_id, kept)


def verify_all(services: Services, kept: Kept) -> Iterator[tuple[UUID, Verification]]:
    """Verify the chain of every tenant that has one, or had one when heads were written down."""
    with services.store.reading() as session:
        there = {tenant_id for tenant_id, _ in heads.every(session)}
    for tenant_id in sorted(there | set(kept)):
        yield tenant_id, verify(services, tenant_id, kept.get(tenant_id))


def complaint(found: Verification, tenant_id: UUID) -> str | None:
    """Return the sentence that says what is wrong with a chain, None where nothing is."""
    if found.broken_at is not None:
        return f"The chain of tenant {tenant_id} is broken at entry {found.broken_at}."
    if found.unlike is not None:
        return (
            f"Entry {found.unlike} of tenant {tenant_id} is not the one whose hash was written down: "
            "the chain was cut off or computed anew."
        )
    said = _SEALS.get(found.seal)
    if said is None:
        return None
    told = said.format(sealed_to=found.sealed_to, entries=found.entries)
    return f"The chain of tenant {tenant_id} can't be trusted. {told}"


def written(services: Services) -> Sequence[str]:
    """Return a line for each ledger's head, to be kept where nobody who may write to the database can change it."""
    with services.store.reading() as session:
        return [f"{tenant_id} {head.seq} {head.hash}" for tenant_id, head in heads.every(session)]


def read_written(text: str) -> Kept:
    """Read lines as :func:`written` returned them, of several times if need be; raises ``RejectedInput``."""
    kept: dict[UUID, dict[int, str]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            tenant_id, seq, digest = line.split()
            kept.setdefault(UUID(tenant_id), {})[int(seq)] = digest
        except ValueError:
            raise RejectedInput(f"Line {number} is none that `connector ledger heads` prints.") from None
    return kept


def seal(services: Services, tenant_id: UUID) -> Verification:
    """Seal a head that carries no good seal, on the record; return what was found before.

    Raises ``CorruptLedger`` for a chain that is broken: that is not mended by a seal.
    """
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        found = ledger.verify(session, tenant_id)
        if found.broken_at is not None:
            raise CorruptLedger(f"{complaint(found, tenant_id)} It is not sealed.")
        if not found.good:
            acts.record(services, session, tenant_id, "seal ledger", found=str(found.seal), entries=found.entries)
            heads.seal(session, tenant_id)
    return found


def told_of_lead(services: Services, tenant_id: UUID, lead_id: int) -> Sequence[str]:
    """Return as lines all that the ledger says of a lead, ended or not, and of those that joined it, oldest first.

    That somebody read it is on the record. Raises ``RejectedInput`` where the ledger never heard of the lead.
    """
    with services.store.transaction(tenant_id) as session:
        joined = successions.joined(session, tenant_id, lead_id)
        rows = ledger.of_lead(session, tenant_id, lead_id, None, [row.lead_id for row in joined])
        if not rows:
            raise RejectedInput(f"The ledger of tenant {tenant_id} holds nothing of lead {lead_id}.")
        became = _became(session, tenant_id, lead_id)
        acts.record(services, session, tenant_id, "read what the ledger says of a lead", lead=lead_id)
    found = [f"Lead {row.lead_id} joined this lead on {_day(row.at)}." for row in joined]
    entries = [
        f"{row.seq} {row.at:%Y-%m-%d %H:%M:%S} UTC lead {row.lead_id} {row.kind}: {row.body or 'erased'}"
        for row in reversed(rows)
    ]
    return [*became, *found, *entries]


def _became(session: Connection, tenant_id: UUID, lead_id: int) -> list[str]:
    heirs = successions.heirs(session, tenant_id, lead_id)
    if heirs:
        return [f"Lead {lead_id} joined lead {row.lead_id} on {_day(row.at)}." for row in heirs]
    if leads.existing(session, tenant_id, [lead_id]):
        return []
    seen = successions.last_seen(session, tenant_id, lead_id)
    if seen is None:
        return [f"Lead {lead_id} was erased, or ended with the account that told of it."]
    return [f"Lead {lead_id} ended: its last record left the CRM on {_day(seen)}."]


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
