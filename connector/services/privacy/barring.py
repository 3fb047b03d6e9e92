"""Whom a tombstone names does not come back by what is told late of them.

A record that was made after its person asked to be forgotten is theirs anew: they came back by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from itertools import chain
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.records import Page, Record, WebhookHint
from connector.services.addresses import mailbox_of
from connector.services.context import Services
from connector.services.tracking.pseudonyms import pseudonyms, record_marks
from connector.store import connections, records, tombstones
from connector.store.connections import CrmConnection

Marks = Sequence[str]
"""The keyed hashes of one mailbox or record, under each of the deployment's keys."""


def without_forgotten(
    services: Services, session: Connection, tenant_id: UUID, connection_id: UUID, page: Page
) -> Page:
    """Leave out what a page says of those who are to be forgotten.

    To be called while the tombstones are held (``tombstones.hold``), in the transaction that stores the page.
    """
    if not tombstones.any_of(session, tenant_id):
        return page
    account = connections.get(session, connection_id)
    marks = {vendor_id: record_marks(services, account, vendor_id) for vendor_id in _named(page)}
    boxes = _boxes(services, tenant_id, page)
    dead = tombstones.found(session, tenant_id, chain(*marks.values(), *boxes.values()))
    if not dead:
        return page
    _let_back(session, tenant_id, page.records, marks, boxes, dead)
    gone = _gone(session, tenant_id, page.records, marks, boxes, dead)
    unknown = {email for email, box in boxes.items() if not dead.keys().isdisjoint(box)}
    unknown -= records.ids_by_email(session, connection_id, unknown).keys()
    return _cut(page, gone, unknown)


def _named(page: Page) -> set[str]:
    told = (page.records, page.changes, page.events, page.conversions)
    found = {item.record_id for items in told for item in items if item.record_id}
    return found | {item.vendor_id for item in page.rejections}


def _boxes(services: Services, tenant_id: UUID, page: Page) -> dict[str, Marks]:
    """Return address → marks of its mailbox, of all addresses that a page names people by."""
    told = {item.email for item in page.records} | {item.email for item in page.events if not item.record_id}
    boxes = {email: mailbox_of(email) for email in told if email}
    return {email: pseudonyms(services, tenant_id, box) for email, box in boxes.items() if box}


def _ends(record: Record, marks: Mapping[str, Marks], boxes: Mapping[str, Marks], dead: Mapping[str, datetime]) -> bool:
    """Whether a record began before its person asked to be forgotten."""
    told = (*marks[record.record_id], *boxes.get(record.email or "", ()))
    return any(mark in dead and record.created_at <= dead[mark] for mark in told)


def _let_back(
    session: Connection,
    tenant_id: UUID,
    found: Sequence[Record],
    marks: Mapping[str, Marks],
    boxes: Mapping[str, Marks],
    dead: dict[str, datetime],
) -> None:
    """Take the marks of those off ``dead`` who are here anew."""
    here = [item.record_id for item in found if not _ends(item, marks, boxes, dead)]
    back = {mark for vendor_id in here for mark in marks[vendor_id]} & dead.keys()
    if back:
        tombstones.lift(session, tenant_id, back)
        for mark in back:
            del dead[mark]


def _gone(
    session: Connection,
    tenant_id: UUID,
    found: Sequence[Record],
    marks: Mapping[str, Marks],
    boxes: Mapping[str, Marks],
    dead: Mapping[str, datetime],
) -> set[str]:
    """Return the vendor ids to be left out; who is known by the mailbox alone gets a mark of the record as well.

    What is told of them later names no address.
    """
    by_mailbox = {
        item.record_id: max(dead[mark] for mark in boxes[item.email or ""] if mark in dead)
        for item in found
        if _ends(item, marks, boxes, dead) and dead.keys().isdisjoint(marks[item.record_id])
    }
    tombstones.put(session, tenant_id, {mark: at for vendor_id, at in by_mailbox.items() for mark in marks[vendor_id]})
    return {vendor_id for vendor_id, own in marks.items() if not dead.keys().isdisjoint(own)} | by_mailbox.keys()


def _cut(page: Page, gone: Set[str], unknown: Set[str]) -> Page:
    return replace(
        page,
        records=tuple(item for item in page.records if item.record_id not in gone),
        changes=tuple(item for item in page.changes if item.record_id not in gone),
        events=tuple(
            item for item in page.events if item.record_id not in gone and (item.record_id or item.email not in unknown)
        ),
        conversions=tuple(item for item in page.conversions if item.record_id not in gone),
        rejections=tuple(item for item in page.rejections if item.vendor_id not in gone),
    )


def forgotten_ids(
    services: Services, session: Connection, account: CrmConnection, vendor_ids: Iterable[str]
) -> set[str]:
    """Return those of a connection's vendor ids that are to be forgotten."""
    if not tombstones.any_of(session, account.tenant_id):
        return set()
    marks = {vendor_id: record_marks(services, account, vendor_id) for vendor_id in vendor_ids}
    dead = tombstones.found(session, account.tenant_id, chain(*marks.values()))
    return {vendor_id for vendor_id, own in marks.items() if not dead.keys().isdisjoint(own)}


def admitted(
    services: Services, session: Connection, account: CrmConnection, hints: Sequence[WebhookHint]
) -> list[WebhookHint]:
    """Return the hints that are not about people who are to be forgotten."""
    gone = forgotten_ids(services, session, account, {hint.record_id for hint in hints if hint.record_id})
    return [hint for hint in hints if hint.record_id not in gone]
