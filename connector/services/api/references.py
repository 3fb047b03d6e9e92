"""Whom a caller means: a lead by our id (a number), or a record in a CRM as ``vendor:id`` or ``vendor:account:id``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.store import references
from connector.store.types import AnyRow

Reference = int | str

LARGEST_ID = 2**63 - 1
UNKNOWN = "There is no such lead."
AMBIGUOUS = "Several leads have a record with this id in accounts of this CRM: write vendor:account:id."


@dataclass(frozen=True, slots=True)
class Resolved:
    """Whom references mean. ``leads``: reference → lead; ``refused``: reference → why there is none.

    ``records``: reference → the record, for those that named one.
    """

    leads: Mapping[Reference, int]
    refused: Mapping[Reference, str]
    records: Mapping[Reference, AnyRow]

    @property
    def ids(self) -> list[int]:
        """Each lead once, in the order of the references."""
        return list(dict.fromkeys(self.leads.values()))


def parsed(text: str) -> Reference:
    """Return what stands in an address: a number is our id."""
    return int(text) if text.isascii() and text.isdigit() and int(text) <= LARGEST_ID else text


def resolve(session: Connection, tenant_id: UUID, wanted: Sequence[Reference]) -> Resolved:
    """Find the leads that are meant; another tenant's are as unknown as any that never was."""
    asked = list(dict.fromkeys(wanted))
    numbers = [item for item in asked if isinstance(item, int)]
    known = references.existing(session, tenant_id, numbers)
    named = [item for item in asked if isinstance(item, str)]
    rows = references.by_vendor_ids(session, tenant_id, sorted({key for item in named for key in _vendor_ids(item)}))
    leads: dict[Reference, int] = {item: item for item in numbers if item in known}
    refused: dict[Reference, str] = {item: UNKNOWN for item in numbers if item not in known}
    records: dict[Reference, AnyRow] = {}
    for item in named:
        found = _meant(item, rows)
        if len({row.lead_id for row in found}) == 1:
            leads[item], records[item] = found[0].lead_id, found[0]
        else:
            refused[item] = AMBIGUOUS if found else UNKNOWN
    return Resolved(leads, refused, records)


def one(session: Connection, tenant_id: UUID, wanted: Reference) -> int | None:
    """Return the one lead that is meant; None where there is none, or several."""
    return resolve(session, tenant_id, [wanted]).leads.get(wanted)


def _vendor_ids(reference: str) -> list[str]:
    """What the record's own id may be: a CRM's ids may hold colons themselves."""
    rest = reference.partition(":")[2]
    return [text for text in (rest, rest.partition(":")[2]) if text]


def _meant(reference: str, rows: Sequence[AnyRow]) -> list[AnyRow]:
    vendor, _, rest = reference.partition(":")
    account, _, inner = rest.partition(":")
    exact = [row for row in rows if (row.vendor, row.account_id, row.vendor_id) == (vendor, account, inner)]
    return exact or [row for row in rows if (row.vendor, row.vendor_id) == (vendor, rest)]
