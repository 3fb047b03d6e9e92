"""Who is meant: the leads, records and addresses of one person, from whichever of them somebody names."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services.addresses import mailbox_of, normalised_email
from connector.services.tracking.pseudonyms import person_key_of
from connector.store import records
from connector.store.types import AnyRow


@dataclass(frozen=True, slots=True)
class Found:
    """One person: leads, records as (connection, vendor id), addresses in the clear and the mailboxes behind them.

    ``written`` are those records that a CRM still knows and that were given our values.
    """

    leads: tuple[int, ...]
    records: tuple[tuple[UUID, str], ...]
    addresses: frozenset[str]
    mailboxes: frozenset[str]
    written: tuple[tuple[UUID, str], ...] = ()


def by_lead(session: Connection, tenant_id: UUID, lead_id: int) -> Found | None:
    """Return the person behind a lead; None where the tenant has no such lead."""
    rows = records.of_persons(session, tenant_id, lead_ids=[lead_id])
    return _person(session, rows, (), ()) if rows else None


def by_records(session: Connection, tenant_id: UUID, named: Collection[tuple[UUID, str]]) -> Found:
    """Return the person behind records (connection, vendor id), known or not."""
    rows = [
        row
        for connection_id, vendor_id in named
        for row in records.of_persons(session, tenant_id, vendor=(connection_id, vendor_id))
    ]
    return _person(session, _whole(session, tenant_id, rows), named, ())


def by_email(session: Connection, tenant_id: UUID, email: str) -> Found:
    """Return the owner of an address, known or not; raises ``RejectedInput`` for what is no address."""
    address, mailbox = normalised_email(email), mailbox_of(email)
    if address is None or mailbox is None:
        raise RejectedInput("That is not an e-mail address.")
    rows = records.of_persons(session, tenant_id, person_key=person_key_of(mailbox), email=address)
    return _person(session, _whole(session, tenant_id, rows), (), (address, email.strip()))


def _whole(session: Connection, tenant_id: UUID, rows: Collection[AnyRow]) -> list[AnyRow]:
    """Add the other records of the same leads."""
    leads = sorted({row.lead_id for row in rows if row.lead_id is not None})
    others = records.of_persons(session, tenant_id, lead_ids=leads)
    return list({row.id: row for row in [*rows, *others]}.values())


def _person(
    session: Connection, rows: Collection[AnyRow], named: Collection[tuple[UUID, str]], told: Collection[str]
) -> Found:
    addresses = set(told)
    for connection_id in {row.connection_id for row in rows}:
        vendor_ids = [row.vendor_id for row in rows if row.connection_id == connection_id]
        addresses |= records.addresses_of(session, connection_id, vendor_ids)
    pairs = {(row.connection_id, row.vendor_id) for row in rows} | set(named)
    return Found(
        leads=tuple(sorted({row.lead_id for row in rows if row.lead_id is not None})),
        records=tuple(sorted(pairs)),
        addresses=frozenset(addresses),
        mailboxes=frozenset(box for address in addresses if (box := mailbox_of(address))),
        written=tuple(
            sorted((row.connection_id, row.vendor_id) for row in rows if row.written and row.removed_at is None)
        ),
    )
