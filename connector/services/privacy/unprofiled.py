"""A value that means: not to be profiled. Whoever is read with it objects by it, once, until somebody withdraws that.

An admin names the field and the value. Whoever has it already objects with that; later whoever is stored with it and
was not before. So a word that the tenant took back stays taken back while the CRM says the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import FieldType, Record
from connector.services.context import Services
from connector.services.privacy.objecting import object_by_record
from connector.services.set_values import set_values
from connector.store import connections, fields, ledger, objections, tenants
from connector.store.types import AnyRow

LONGEST = 200
"""Characters of a value."""

_TRUTHS = ("true", "false")
_CHUNK = 200


def offered(rows: Collection[AnyRow], vendors: Mapping[UUID, str]) -> dict[str, AnyRow]:
    """Return the fields of persons that can mean it, called ``<vendor>.<field>``."""
    return {
        f"{vendors[row.connection_id]}.{row.name}": row
        for row in rows
        if row.type in (FieldType.BOOLEAN, FieldType.CATEGORY) and not (row.company or row.own)
    }


def choose(services: Services, tenant_id: UUID, field: str, value: str) -> int:
    """Let a value of a field mean "not to be profiled" (empty: none does); return how many people that has silenced.

    Raises ``RejectedInput`` for a field that is not offered, and a value that it can't have.
    """
    value = value.strip()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        vendors = {item.id: item.vendor for item in connections.of_tenant(session, tenant_id)}
        row = offered(fields.of_tenant(session, tenant_id), vendors).get(field)
        if row is None:
            raise RejectedInput("Choose one of the offered fields.")
        if len(value) > LONGEST or (value and row.type == FieldType.BOOLEAN and value not in _TRUTHS):
            raise RejectedInput(f"The value must be true or false of a checkbox, else at most {LONGEST} characters.")
        held = dict(tenants.get(session, tenant_id).settings.unprofiled)
        held.pop(field, None)
        chosen = held | ({field: value} if value else {})
        set_values(services, session, tenant_id, "set what means not to be profiled", {"unprofiled": chosen})
    accounts = [account for account, vendor in vendors.items() if field == f"{vendor}.{row.name}"]
    return sum(_silence(services, tenant_id, account, field, value) for account in accounts) if value else 0


def _silence(services: Services, tenant_id: UUID, connection_id: UUID, field: str, value: str) -> int:
    """Let everybody of an account object who has the value by now, some at a time."""
    count, after = 0, 0
    name = field.partition(".")[2]
    while True:
        with services.store.transaction(tenant_id) as session:
            ledger.lock(session, tenant_id)
            found = objections.with_value(session, connection_id, name, value, after, _CHUNK)
            for row in found:
                count += object_by_record(services, session, tenant_id, (connection_id, row.vendor_id), field)
        if len(found) < _CHUNK:
            return count
        after = found[-1].id


@contextmanager
def heard(
    services: Services, session: Connection, tenant_id: UUID, connection_id: UUID, page: Sequence[Record]
) -> Iterator[None]:
    """Around the storing of a page: let those object whom it says so of, and of whom nothing said so before.

    What is stored in the end counts: an older page may come late and change nothing.
    """
    said = _said(session, tenant_id, connection_id, page)
    told_before = {field: objections.saying(session, connection_id, *one) for field, one in said.items()}
    if any(set(one[2]) - told_before[field] for field, one in said.items()):
        # Before the records are held: whoever scores takes both in this order.
        ledger.lock(session, tenant_id)
    yield
    for field, one in said.items():
        for vendor_id in sorted(objections.saying(session, connection_id, *one) - told_before[field]):
            object_by_record(services, session, tenant_id, (connection_id, vendor_id), field)


def _said(
    session: Connection, tenant_id: UUID, connection_id: UUID, page: Sequence[Record]
) -> dict[str, tuple[str, str, list[str]]]:
    """Return field → (its name in the CRM, the value, who has it by this page)."""
    meant = tenants.get(session, tenant_id).settings.unprofiled if page else {}
    if not meant:
        return {}
    vendor = connections.get(session, connection_id).vendor
    found = {}
    for field, value in meant.items():
        of, _, name = field.partition(".")
        who = [item.record_id for item in page if item.properties.get(name) == value] if of == vendor else []
        if who:
            found[field] = (name, value, who)
    return found
