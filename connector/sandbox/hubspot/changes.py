"""What can happen to records, whoever asks: made, changed, archived, restored, merged, erased.

Every function keeps history, the search index and associations in step and tells the
webhooks. The caller holds the stage's lock.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.sandbox.hubspot.deal_stages import calculated
from connector.sandbox.hubspot.errors import failure, invalid
from connector.sandbox.hubspot.hub import Account, Hub
from connector.sandbox.hubspot.paths import SINGULAR
from connector.sandbox.hubspot.records import CrmObject, ObjectTable, Origin, Version, addresses

MAX_MERGES = 250
WORD = {plural: singular for singular, plural in SINGULAR.items()}


def create(hub: Hub, account: Account, table: ObjectTable, values: Mapping[str, str], origin: Origin) -> CrmObject:
    """Make a record; raise 409 where a contact with that address is there already."""
    filled = {name: value for name, value in values.items() if value != ""}
    if table.object_type == "contacts":
        filled = _with_address(account, table, filled)
    filled |= calculated(filled.get("dealstage", ""))
    now = hub.now_ms()
    history = {name: [Version(value, now, origin)] for name, value in filled.items()}
    record = CrmObject(account.new_id(), filled, now, now, history)
    table.add(record, now)
    _tell(hub, account, table, "creation", record.object_id, origin)
    for name, value in filled.items():
        _tell(hub, account, table, "propertyChange", record.object_id, origin, propertyName=name, propertyValue=value)
    return record


def _with_address(account: Account, table: ObjectTable, filled: dict[str, str]) -> dict[str, str]:
    """Return a contact's values as HubSpot keeps them: the address in lower case, its domain beside it."""
    if "email" not in filled:
        return filled
    email = filled["email"].strip().lower()
    if email in account.blocked_addresses:
        raise invalid("This email address was permanently deleted at the person's request.")
    if email in table.id_by_email:
        raise failure(409, "CONFLICT", f"Contact already exists. Existing ID: {table.id_by_email[email]}")
    return {**filled, "email": email, "hs_email_domain": email.rpartition("@")[2]}


def update(
    hub: Hub, account: Account, table: ObjectTable, record: CrmObject, values: Mapping[str, str], origin: Origin
) -> None:
    """Give a record's properties new values; nothing happens to those that stay the same."""
    if values.get("email"):
        values = {**values, "email": values["email"].strip().lower()}
        owner = table.id_by_email.get(values["email"], record.object_id)
        if owner != record.object_id:
            raise failure(409, "CONFLICT", f"Contact already exists. Existing ID: {owner}")
    values = {**values, **calculated(values.get("dealstage", ""))}
    for name, value in table.change(record, values, origin, hub.now_ms()).items():
        _tell(hub, account, table, "propertyChange", record.object_id, origin, propertyName=name, propertyValue=value)


def archive(hub: Hub, account: Account, table: ObjectTable, record: CrmObject, origin: Origin) -> None:
    """Move a record to the recycle bin."""
    table.archive(record, hub.now_ms())
    _tell(hub, account, table, "deletion", record.object_id, origin)


def restore(hub: Hub, account: Account, table: ObjectTable, object_id: int, origin: Origin) -> None:
    """Take a record out of the recycle bin."""
    table.restore(table.archived[object_id], hub.now_ms())
    _tell(hub, account, table, "restore", object_id, origin)


def erase(hub: Hub, account: Account, table: ObjectTable, record: CrmObject, origin: Origin) -> None:
    """Erase a person for good: record, addresses, marketing events; a deletion is told as well."""
    known = frozenset(addresses(record))
    if record.archived_ms is None:
        table.remove(record, hub.now_ms())
    table.archived.pop(record.object_id, None)
    account.links.forget(table.object_type, record.object_id)
    account.marketing.erase(known, record.object_id)
    account.blocked_addresses |= known
    account.truth.pop(str(record.object_id), None)
    _tell(hub, account, table, "privacyDeletion", record.object_id, origin)
    _tell(hub, account, table, "deletion", record.object_id, origin)


def merge(hub: Hub, account: Account, table: ObjectTable, pair: tuple[CrmObject, CrmObject]) -> CrmObject:
    """Merge the second record into the first and return the survivor.

    By configuration the survivor takes a new id, as HubSpot may do; old ids resolve to it.
    Raises 400 after 250 merges into one record.
    """
    winner, loser = pair
    now, origin = hub.now_ms(), Origin("MERGE_CONTACTS")
    merged = [part for part in winner.properties.get("hs_merged_object_ids", "").split(";") if part]
    if len(merged) >= MAX_MERGES:
        raise invalid(f"A record cannot take part in more than {MAX_MERGES} merges.")
    values = _merged_values(winner, loser, [*merged, str(loser.object_id)], now)
    table.remove(loser, now)
    account.links.move(table.object_type, loser.object_id, winner.object_id)
    table.merged_into[loser.object_id] = winner.object_id
    table.change(winner, values, origin, now)
    survivor = _renumbered(hub, account, table, winner) if hub.stage.config.merge_creates_record else winner
    _tell(
        hub,
        account,
        table,
        "merge",
        survivor.object_id,
        origin,
        primaryObjectId=winner.object_id,
        mergedObjectIds=[loser.object_id],
        newObjectId=survivor.object_id,
        numberOfPropertiesMoved=len(values),
    )
    return survivor


def _merged_values(winner: CrmObject, loser: CrmObject, merged_ids: list[str], now: int) -> dict[str, str]:
    taken = {name: value for name, value in loser.properties.items() if name not in winner.properties}
    stamps = [winner.properties.get("hs_calculated_merged_vids", ""), f"{loser.object_id}:{now}"]
    values = {
        **taken,
        "hs_merged_object_ids": ";".join(merged_ids),
        "hs_calculated_merged_vids": ";".join(filter(None, stamps)),
    }
    own = winner.properties.get("email", values.get("email", ""))
    others = [each for each in dict.fromkeys(addresses(winner) + addresses(loser)) if each != own]
    return {**values, "hs_additional_emails": ";".join(others)} if others else values


def _renumbered(hub: Hub, account: Account, table: ObjectTable, winner: CrmObject) -> CrmObject:
    now = hub.now_ms()
    table.remove(winner, now)
    survivor = CrmObject(account.new_id(), winner.properties, winner.created_ms, now, winner.history)
    table.add(survivor, now)
    account.links.move(table.object_type, winner.object_id, survivor.object_id)
    table.merged_into[winner.object_id] = survivor.object_id
    return survivor


def link_new(account: Account, table: ObjectTable, record: CrmObject, wanted: list[tuple[str, int]]) -> None:
    """Associate a new record with (type, id) pairs."""
    for kind, target in wanted:
        account.links.add(table.object_type, record.object_id, kind, target, primary=kind == "companies")


def _tell(
    hub: Hub, account: Account, table: ObjectTable, what: str, object_id: int, origin: Origin, **more: object
) -> None:
    hub.notices.tell(
        account.portal.portal_id,
        f"{WORD[table.object_type]}.{what}",
        object_id,
        hub.now_ms(),
        changeSource=origin.source_type,
        sourceId=origin.source_id,
        **more,
    )
