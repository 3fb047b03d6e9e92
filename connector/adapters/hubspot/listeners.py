"""Workflows that a change of our properties may set off.

Source: https://developers.hubspot.com/docs/api-reference/automation-automation-v4-v4/guide. What a workflow starts by
stands under ``enrollmentCriteria``, in lists of filters that may lie in each other to any depth. A filter names a
property, or, where it waits for a property's change, has its name as the filter's value; so every text there counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from connector.adapters.hubspot.session import Session
from connector.adapters.hubspot.values import Json, identifiers
from connector.records import Listener

CONTACTS = "0-1"
"""The object type of contacts."""
LISTED = 100
READ = 100


def listeners(session: Session, names: AbstractSet[str], workflow_url: str) -> Sequence[Listener]:
    """Return the workflows over contacts that start by properties of these names.

    ``workflow_url`` holds ``{}`` for a workflow's id. Raises ``MissingPermission`` without the scope ``automation``.
    """
    ids = [item for raw in _listed(session) if raw.get("objectTypeId") == CONTACTS for item in identifiers([raw])]
    found: list[Listener] = []
    for start in range(0, len(ids), READ):
        inputs = [{"flowId": item, "type": "FLOW_ID"} for item in ids[start : start + READ]]
        for raw in session.post("workflow_details", {"inputs": inputs}).results:
            heard = tuple(sorted(names & set(_texts(raw.get("enrollmentCriteria")))))
            if heard:
                url = workflow_url.format(next(iter(identifiers([raw])), ""))
                name = str(raw.get("name") or "(no name)")
                found.append(Listener(name, "workflow", raw.get("isEnabled") is True, heard, url))
    return found


def _listed(session: Session) -> Iterator[Json]:
    after: str | None = None
    while True:
        answer = session.get("workflows", {"limit": LISTED, "after": after})
        yield from answer.results
        after = answer.after
        if after is None:
            return


def _texts(raw: Any) -> Iterator[str]:
    """Yield every text within JSON."""
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
