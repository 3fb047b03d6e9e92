"""Records as JSON of the wire."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connector.sandbox.clock import iso
from connector.sandbox.hubspot.definitions import ACTIVITY_DEFAULTS, DEFAULT_PROPERTIES
from connector.sandbox.hubspot.hub import Account
from connector.sandbox.hubspot.records import CrmObject, Indexed, ObjectTable, Version

INLINE_ASSOCIATIONS = 100
"""Inline association lists are cut after so many targets; the rest is behind their own paging."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request asked to see. Unknown names are ignored, as HubSpot does."""

    properties: tuple[str, ...] = ()
    history: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()


def system_values(table: ObjectTable, record: CrmObject | Indexed) -> dict[str, str]:
    """Return the values that HubSpot keeps itself."""
    modified, created = iso(record.updated_ms), iso(record.created_ms)
    values = {"hs_object_id": str(record.object_id), "hs_lastmodifieddate": modified, "createdate": created}
    if table.object_type == "contacts":
        values["lastmodifieddate"] = modified
    if table.object_type not in DEFAULT_PROPERTIES:
        values["hs_createdate"] = created
    return values


def _shown(account: Account, table: ObjectTable, record: CrmObject | Indexed, names: Sequence[str]) -> dict[str, Any]:
    system = system_values(table, record)
    defaults = DEFAULT_PROPERTIES.get(table.object_type, ACTIVITY_DEFAULTS)
    always = ("hs_object_id", "hs_createdate" if "hs_createdate" in defaults else "createdate", table.modified_name)
    known = account.catalogues[table.object_type].live
    # A deal's createdate may be set by its user; the system's own stands in where none was.
    values = {**system, **record.properties} if table.object_type == "deals" else {**record.properties, **system}
    wanted = (*names, *always) if names else defaults
    return {name: values.get(name) for name in wanted if name in known}


def rendered(
    account: Account, table: ObjectTable, record: CrmObject, wanted: Wanted, *, associations: bool = True
) -> dict[str, Any]:
    """Return one record as the object endpoints show it."""
    shown: dict[str, Any] = {
        "id": str(record.object_id),
        "properties": _shown(account, table, record, (*wanted.properties, *wanted.history)),
        "createdAt": iso(record.created_ms),
        "updatedAt": iso(record.updated_ms),
        "archived": record.archived_ms is not None,
    }
    if record.archived_ms is not None:
        shown["archivedAt"] = iso(record.archived_ms)
    if wanted.history:
        shown["propertiesWithHistory"] = _histories(account, table, record, wanted.history)
    if associations and wanted.associations:
        shown.update(_inline_associations(account, table, record, wanted.associations))
    return shown


def rendered_hit(account: Account, table: ObjectTable, seen: Indexed, names: Sequence[str]) -> dict[str, Any]:
    """Return one record as search shows it: as the index last saw it, without associations."""
    return {
        "id": str(seen.object_id),
        "properties": _shown(account, table, seen, names),
        "createdAt": iso(seen.created_ms),
        "updatedAt": iso(seen.updated_ms),
        "archived": False,
    }


def _histories(
    account: Account, table: ObjectTable, record: CrmObject, names: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    known = account.catalogues[table.object_type].live
    return {name: [_version(each) for each in table.versions(record, name)] for name in names if name in known}


def _version(version: Version) -> dict[str, Any]:
    return {
        "value": version.value,
        "timestamp": iso(version.at_ms),
        "sourceType": version.origin.source_type,
        "sourceId": version.origin.source_id,
    }


def _inline_associations(
    account: Account, table: ObjectTable, record: CrmObject, kinds: Sequence[str]
) -> dict[str, Any]:
    lists: dict[str, Any] = {}
    for kind in kinds:
        if not account.links.knows(table.object_type, kind):
            continue
        targets = account.links.targets(table.object_type, record.object_id, kind)
        if targets:
            lists[kind] = _inline_list(table.object_type, kind, targets)
    return {"associations": lists} if lists else {}


def _inline_list(from_type: str, kind: str, targets: Sequence[tuple[int, frozenset[int]]]) -> dict[str, Any]:
    names = {"companies": "company", "contacts": "contact"}
    label = f"{names.get(from_type, from_type[:-1])}_to_{names.get(kind, kind[:-1])}"
    shown = targets[:INLINE_ASSOCIATIONS]
    listed: dict[str, Any] = {"results": [{"id": str(target), "type": label} for target, _ in shown]}
    if len(targets) > INLINE_ASSOCIATIONS:
        listed["paging"] = {"next": {"after": str(shown[-1][0]), "link": ""}}
    return listed
