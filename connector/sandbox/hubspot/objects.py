"""Single records and pages of them: list, get, create, update, archive, merge, erase."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.hubspot import changes
from connector.sandbox.hubspot.access import account, hub, origin
from connector.sandbox.hubspot.errors import failure, invalid, not_found, reply
from connector.sandbox.hubspot.paths import object_type
from connector.sandbox.hubspot.records import CrmObject, ObjectTable
from connector.sandbox.hubspot.rendering import Wanted, rendered
from connector.sandbox.hubspot.requests import json_body, limit_of, names_of, number_of, readable, writable
from connector.sandbox.hubspot.validation import check_values

PAGE = 100
PAGE_WITH_HISTORY = 50

blueprint = Blueprint("objects", __name__)


def _wanted() -> Wanted:
    kinds = (object_type(name) for name in names_of("associations"))
    return Wanted(names_of("properties"), names_of("propertiesWithHistory"), tuple(kind for kind in kinds if kind))


def locate(table: ObjectTable, key: str, id_property: str | None) -> CrmObject | None:
    """Return the live record that an id, or a contact's address, stands for."""
    if id_property in (None, "", "hs_object_id"):
        return table.find(int(key)) if key.isdigit() else None
    if id_property == "email" and table.object_type == "contacts":
        return table.live.get(table.id_by_email.get(key.strip().lower(), -1))
    raise invalid(f"idProperty '{id_property}' is not a unique property.")


def _existing(table: ObjectTable, key: str) -> CrmObject:
    record = locate(table, key, request.args.get("idProperty"))
    if record is None:
        raise not_found(f"Object not found.  objectId are usually numeric. No {table.object_type} has this id.")
    return record


@blueprint.get("/<kind>")
def list_page(kind: str) -> Response:
    """Answer one page in order of id; ``after`` is opaque to the caller."""
    table, wanted = readable(kind), _wanted()
    limit = limit_of(10, PAGE_WITH_HISTORY if wanted.history else PAGE)
    after = request.args.get("after", "0")
    if not after.isdigit():
        raise invalid("The paging cursor is not valid.")
    with hub().stage.lock:
        found = _page(table, int(after), limit + 1, request.args.get("archived") == "true")
        shown = [rendered(account(), table, record, wanted) for record in found[:limit]]
    page: dict[str, Any] = {"results": shown}
    if len(found) > limit:
        # A page begins at its cursor: the last id seen, plus one.
        cursor = str(found[limit - 1].object_id + 1)
        page["paging"] = {"next": {"after": cursor, "link": f"{request.base_url}?after={cursor}"}}
    return reply(page)


def _page(table: ObjectTable, start: int, count: int, archived: bool) -> list[CrmObject]:
    if not archived:
        return [table.live[each] for each in table.page_ids(start - 1, count)]
    ids = sorted(table.archived)
    place = bisect_right(ids, start - 1)
    return [table.archived[each] for each in ids[place : place + count]]


@blueprint.get("/<kind>/<key>")
def get_one(kind: str, key: str) -> Response:
    """Answer one record by id, or a contact by address."""
    table = readable(kind)
    with hub().stage.lock:
        if request.args.get("archived") == "true":
            record = table.archived.get(number_of(key))
            if record is None:
                raise not_found("Object not found in the recycle bin.")
        else:
            record = _existing(table, key)
        return reply(rendered(account(), table, record, _wanted()))


def create_checked(table: ObjectTable, given: dict[str, Any]) -> CrmObject:
    """Make a record from one input: properties, and associations to existing records."""
    the_account = account()
    catalogue = the_account.catalogues[table.object_type]
    values = check_values(catalogue, given.get("properties", {}), the_account.portal.portal_id)
    wanted = [_target(each) for each in given.get("associations", [])]
    record = changes.create(hub(), the_account, table, values, origin())
    changes.link_new(the_account, table, record, wanted)
    return record


def _target(given: dict[str, Any]) -> tuple[str, int]:
    types = {279: "companies", 4: "deals", 3: "contacts", 194: "contacts", 198: "contacts", 200: "contacts"}
    try:
        return types[int(given["types"][0]["associationTypeId"])], int(given["to"]["id"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise invalid("An association needs 'to.id' and a known 'types[0].associationTypeId'.") from error


@blueprint.post("/<kind>")
def create_one(kind: str) -> Response:
    """Create one record."""
    table = writable(kind)
    with hub().stage.lock:
        record = create_checked(table, json_body())
        return reply(rendered(account(), table, record, Wanted(tuple(record.properties))), 201)


@blueprint.patch("/<kind>/<key>")
def update_one(kind: str, key: str) -> Response:
    """Change one record."""
    table, the_account = writable(kind), account()
    with hub().stage.lock:
        record = _existing(table, key)
        catalogue = the_account.catalogues[table.object_type]
        values = check_values(catalogue, json_body().get("properties", {}), the_account.portal.portal_id)
        changes.update(hub(), the_account, table, record, values, origin())
        return reply(rendered(the_account, table, record, Wanted(tuple(values))))


@blueprint.delete("/<kind>/<key>")
def archive_one(kind: str, key: str) -> Response:
    """Move one record to the recycle bin; 204 even if it is there already."""
    table = writable(kind)
    with hub().stage.lock:
        record = table.live.get(number_of(key))
        if record is not None:
            changes.archive(hub(), account(), table, record, origin())
    return Response(status=204)


@blueprint.post("/<kind>/merge")
def merge_two(kind: str) -> Response:
    """Merge ``objectIdToMerge`` into ``primaryObjectId``."""
    table, body = writable(kind), json_body()
    with hub().stage.lock:
        winner = locate(table, str(body.get("primaryObjectId", "")), None)
        loser = locate(table, str(body.get("objectIdToMerge", "")), None)
        if winner is None or loser is None or winner is loser:
            raise invalid("Two different existing records are needed to merge.")
        survivor = changes.merge(hub(), account(), table, (winner, loser))
        return reply(rendered(account(), table, survivor, Wanted()))


@blueprint.post("/<kind>/gdpr-delete")
def gdpr_delete(kind: str) -> Response:
    """Erase a contact for good; an address that nobody has is blocked all the same."""
    table, body = writable(kind), json_body()
    if table.object_type != "contacts":
        raise failure(400, "VALIDATION_ERROR", "Only contacts can be permanently deleted.")
    key = str(body.get("objectId", ""))
    with hub().stage.lock:
        record = locate(table, key, body.get("idProperty")) or table.archived.get(int(key) if key.isdigit() else -1)
        if record is not None:
            changes.erase(hub(), account(), table, record, origin())
        elif body.get("idProperty") == "email":
            account().blocked_addresses.add(key.strip().lower())
    return Response(status=204)
