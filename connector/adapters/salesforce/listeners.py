"""Flows that a write of our fields sets off: those that run when a lead or contact is changed.

Sources: object reference, FlowDefinitionView (what flows there are, to be queried by a user who may view the setup);
Tooling API, Flow (one version with its ``Metadata``, which only a query for a single row gives); Metadata API, Flow
(``start`` says what it waits for). A flow from a managed package does not show its metadata.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from connector.adapters.salesforce import soql
from connector.adapters.salesforce.ids import OBJECTS
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.values import Json
from connector.records import Listener

MOST = 200
"""Flows that are read, the active ones first: each is a request of the org's day."""

_NAMES = ("Label", "ApiName", "IsActive", "ActiveVersionId", "LatestVersionId")
_TRIGGERS = ("RecordBeforeSave", "RecordAfterSave")
_UPDATES = frozenset({"Update", "CreateAndUpdate"})


def listeners(org: Org, names: AbstractSet[str]) -> Sequence[Listener]:
    """Return the record-triggered flows that our writes set off; raise ``MissingPermission`` where they are hidden."""
    conditions = [soql.any_of("TriggerType", _TRIGGERS)]
    tail = f"ORDER BY IsActive DESC, ApiName LIMIT {MOST}"
    rows = org.session.query(soql.select(_NAMES, "FlowDefinitionView", conditions, tail))
    heard = ((row, _heard(_start(org, row), names)) for row in rows)
    return [_listener(org, row, found) for row, found in heard if found]


def _listener(org: Org, row: Json, heard: Iterable[str]) -> Listener:
    name = str(row.get("Label") or row.get("ApiName"))
    version = _version(row)
    url = f"{org.session.origin}/builder_platform_interaction/flowBuilder.app?flowId={version}" if version else None
    return Listener(name, "flow", bool(row.get("ActiveVersionId")), tuple(heard), url)


def _version(row: Json) -> str:
    return str(row.get("ActiveVersionId") or row.get("LatestVersionId") or "")


def _start(org: Org, row: Json) -> Any:
    """Return what a flow waits for, None where it does not show that."""
    query = soql.select(("Metadata",), "Flow", [f"Id = {soql.text(_version(row))}"])
    answer: Any = org.session.run("flow", lambda sdk: sdk.restful("tooling/query", {"q": query}))
    found = answer.get("records") if isinstance(answer, dict) else None
    metadata = found[0].get("Metadata") if found and isinstance(found[0], dict) else None
    return metadata.get("start") if isinstance(metadata, dict) else None


def _heard(start: Any, names: AbstractSet[str]) -> Sequence[str]:
    """Return what of a flow's start our write meets, in words; nothing where it does not."""
    if not isinstance(start, dict):
        return ("its conditions can't be read: it belongs to a package",)
    if start.get("object") not in OBJECTS.values() or start.get("recordTriggerType") not in _UPDATES:
        return ()
    filters = [each for each in start.get("filters") or () if isinstance(each, dict)]
    formula = str(start.get("filterFormula") or "")
    found = {str(each.get("field")) for each in filters} & names | {name for name in names if name in formula}
    if found:
        return sorted(found)
    if start.get("doesRequireRecordChangedToMeetCriteria"):
        return ()
    conditions = "that meets its conditions" if filters or formula else "whatever changed"
    return (f"every change of a {start['object']} {conditions}",)
