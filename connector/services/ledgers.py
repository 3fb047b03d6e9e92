"""Ledgers as an operator looks after them: verified, their heads written down elsewhere, sealed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from connector.crypto import Seal
from connector.errors import CorruptLedger, RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.store import heads, ledger
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
