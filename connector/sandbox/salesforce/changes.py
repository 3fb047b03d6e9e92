"""What can happen to records, whoever asks: made, changed, deleted, undeleted.

Every function keeps stamps, worked-out values and history. ``prepare_…`` checks without changing
anything. The caller holds the stage's lock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connector.sandbox.salesforce import history, times
from connector.sandbox.salesforce.derived import defaults, derive
from connector.sandbox.salesforce.errors import RecordError, gone, unknown_id
from connector.sandbox.salesforce.hub import Author, Hub
from connector.sandbox.salesforce.ids import PREFIXES, normal
from connector.sandbox.salesforce.permissions import check, follow
from connector.sandbox.salesforce.schema import Value, Values
from connector.sandbox.salesforce.validation import check_required, read_values

CHILDREN = {
    "Lead": (
        ("Task", "WhoId"),
        ("Event", "WhoId"),
        ("CampaignMember", "LeadId"),
        ("EmailMessageRelation", "RelationId"),
    ),
    "Contact": (
        ("Task", "WhoId"),
        ("Event", "WhoId"),
        ("CampaignMember", "ContactId"),
        ("EmailMessageRelation", "RelationId"),
        ("OpportunityContactRole", "ContactId"),
    ),
    "Account": (("Contact", "AccountId"), ("Opportunity", "AccountId"), ("Task", "WhatId"), ("Event", "WhatId")),
    "Opportunity": (("OpportunityContactRole", "OpportunityId"), ("Task", "WhatId"), ("Event", "WhatId")),
    "Campaign": (("CampaignMember", "CampaignId"),),
    "Task": (("EmailMessage", "ActivityId"),),
    "EmailMessage": (("EmailMessageRelation", "EmailMessageId"),),
}
"""Object → what hangs on it, and by which field: merged with it, deleted with it."""

BY_PREFIX = {PREFIXES[name]: name for name in reversed(PREFIXES)}


def object_of(hub: Hub, row_id: str) -> str:
    """Return the object that an id belongs to; raise :class:`RecordError` for one of none."""
    name = BY_PREFIX.get(row_id[:3], "")
    if name not in hub.schema.objects:
        raise unknown_id()
    return name


def find(hub: Hub, row_id: str, object_name: str | None = None) -> tuple[str, Values]:
    """Return the object and the values of a record that is not deleted; raise :class:`RecordError` otherwise."""
    known = normal(row_id)
    if known is None:
        raise RecordError("MALFORMED_ID", f"bad id {row_id[:30]}", ["Id"])
    name = object_of(hub, known)
    row = hub.tables[name].rows.get(known)
    if row is None or (object_name is not None and name != object_name):
        raise unknown_id()
    if row.get("IsDeleted"):
        raise gone()
    return name, row


def prepare_create(hub: Hub, object_name: str, body: Mapping[str, Any], author: Author) -> dict[str, Value]:
    """Return a new record's values; raise :class:`RecordError` where the org would refuse them."""
    definition = hub.schema.objects[object_name]
    given = read_values(hub, definition, body, author, creating=True)
    values = {**defaults(definition, author.user_id), **given}
    check_required(definition, values)
    check(hub, object_name, values)
    return given


def create(hub: Hub, object_name: str, body: Mapping[str, Any], author: Author) -> str:
    """Make a record and return its id."""
    given = prepare_create(hub, object_name, body, author)
    now, definition = hub.now_ms(), hub.schema.objects[object_name]
    row_id = hub.new_id(object_name)
    values = {**defaults(definition, author.user_id), **given, "Id": row_id}
    values |= _stamps(author, now) | {"CreatedDate": now, "CreatedById": author.user_id}
    if object_name == "Lead" and author.assigns:
        values["OwnerId"] = hub.next_assigned()
    values |= derive(hub, object_name, values, values, now)
    visible = hub.visible_ms(author)
    _keep(hub, object_name, values, visible)
    at = (author.user_id, now)
    history.keep(hub, history.happened(hub, object_name, values, at, "created"), visible)
    if object_name == "Opportunity":
        history.keep(hub, history.snapshot(hub, {}, values, at), visible)
    if object_name in ("Task", "Event"):
        _date_activity(hub, values, visible)
    follow(hub, object_name)
    return row_id


def prepare_update(
    hub: Hub, row_id: str, body: Mapping[str, Any], author: Author, object_name: str | None = None
) -> tuple[str, Values, dict[str, Value]]:
    """Return object, present and new values of a record; raise :class:`RecordError` where the org would refuse."""
    name, row = find(hub, row_id, object_name)
    if row.get("IsConverted"):
        raise RecordError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    definition = hub.schema.objects[name]
    given = read_values(hub, definition, body, author, creating=False)
    check_required(definition, {**row, **given})
    return name, row, given


def update(hub: Hub, row_id: str, body: Mapping[str, Any], author: Author) -> None:
    """Change a record. Its stamps move even where every value stays the same, as on a live org."""
    name, row, given = prepare_update(hub, row_id, body, author)
    if name == "Lead" and author.assigns and "OwnerId" not in given:
        given = {**given, "OwnerId": hub.next_assigned()}
    write(hub, name, row, given, author)


def write(hub: Hub, object_name: str, row: Values, given: Mapping[str, Value], author: Author) -> None:
    """Give a record typed values."""
    now = hub.now_ms()
    values = {**row, **given, **_stamps(author, now)}
    values |= derive(hub, object_name, values, given, now)
    visible = hub.visible_ms(author)
    _keep(hub, object_name, values, visible)
    at = (author.user_id, now)
    history.keep(hub, history.changed(hub, object_name, row, values, at), visible)
    if object_name == "Opportunity":
        history.keep(hub, history.snapshot(hub, row, values, at), visible)
    follow(hub, object_name)


def delete(hub: Hub, row_id: str, author: Author, object_name: str | None = None) -> None:
    """Move a record to the recycle bin, with what hangs on it."""
    name, row = find(hub, row_id, object_name)
    if not hub.schema.objects[name].has_bin:
        purge(hub, str(row["Id"]), author)
        return
    _set_deleted(hub, name, row, author, deleted=True)
    for child, each in list(children(hub, name, str(row["Id"]))):
        # Read anew: what hangs on two of the deleted records (an e-mail's relation) is gone with the first.
        if not hub.tables[child].rows[str(each["Id"])].get("IsDeleted"):
            delete(hub, str(each["Id"]), author, child)


def undelete(hub: Hub, row_id: str, author: Author) -> None:
    """Take a record out of the recycle bin, with what was deleted at the same second."""
    known = normal(row_id) or ""
    name = object_of(hub, known)
    row = hub.tables[name].rows.get(known)
    if row is None or not row.get("IsDeleted") or row.get("MasterRecordId"):
        raise RecordError("UNDELETE_FAILED", "Entity is not in the recycle bin")
    deleted_at = row["SystemModstamp"]
    _set_deleted(hub, name, row, author, deleted=False)
    for child, each in list(children(hub, name, known)):
        present = hub.tables[child].rows[str(each["Id"])]
        if present.get("IsDeleted") and present["SystemModstamp"] == deleted_at:
            undelete(hub, str(each["Id"]), author)


def purge(hub: Hub, row_id: str, author: Author) -> None:
    """Take a record away for good: neither ``query`` nor ``queryAll`` finds it any more."""
    name = object_of(hub, row_id)
    hub.tables[name].remove(row_id, hub.visible_ms(author))
    hub.truth.pop(row_id, None)
    follow(hub, name)


def children(hub: Hub, object_name: str, row_id: str) -> Iterator[tuple[str, Values]]:
    """Yield (object, values) of the records that hang on one."""
    for child, field in CHILDREN.get(object_name, ()):
        for row in list(hub.tables[child].rows.values()):
            if row.get(field) == row_id:
                yield child, row


def move_children(
    hub: Hub,
    object_name: str,
    loser_id: str,
    changes: Mapping[tuple[str, str], Mapping[str, Value]],
    author: Author,
) -> None:
    """Give what hangs on a record new values: (child, field) → values."""
    for child, field in CHILDREN[object_name]:
        new = changes.get((child, field))
        for row in list(hub.tables[child].rows.values()):
            if new is not None and row.get(field) == loser_id and not row.get("IsDeleted"):
                write(hub, child, row, new, author)


def _stamps(author: Author, now: int) -> dict[str, Value]:
    return {"LastModifiedDate": now, "LastModifiedById": author.user_id, "SystemModstamp": now}


def _keep(hub: Hub, object_name: str, values: Mapping[str, Value], visible_ms: int) -> None:
    known = hub.schema.objects[object_name].fields
    kept = {name: value for name, value in values.items() if name in known}
    hub.tables[object_name].put(str(values["Id"]), kept, visible_ms)


def _set_deleted(hub: Hub, object_name: str, row: Values, author: Author, *, deleted: bool) -> None:
    values = {**row, "IsDeleted": deleted, **_stamps(author, hub.now_ms())}
    _keep(hub, object_name, values, hub.visible_ms(author))


def _date_activity(hub: Hub, activity: Values, visible_ms: int) -> None:
    """Move a person's last activity date; no stamp moves with it."""
    day = activity.get("ActivityDate") or times.day_of(hub.now_ms())
    who = str(activity.get("WhoId"))
    for name in ("Lead", "Contact"):
        row = hub.tables[name].rows.get(who)
        if row and str(row.get("LastActivityDate") or "") < str(day):
            hub.tables[name].put(who, {**row, "LastActivityDate": day}, visible_ms)
