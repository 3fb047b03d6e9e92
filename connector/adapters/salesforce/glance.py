"""Whether anything happened in an org: one request where nothing did, which is nearly always."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any

from connector.adapters.salesforce import soql, together
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.paths import COMPOSITE
from connector.adapters.salesforce.values import Json

LOOKED_AT = ("Lead", "Contact", "CampaignMember", "Task", "Event")
"""Persons, their answers to campaigns, calls, e-mails and meetings: as many queries as one request takes."""


def changed(org: Org, at: datetime) -> bool:
    """Tell whether a person was changed, or something happened, after ``at`` by anybody but our user.

    ``SystemModstamp`` is indexed and moves for automations too, and for the scores that we write; what those set off
    in the org runs as our user. Who that is, is asked only where something changed. An object that is hidden from
    us tells nothing.
    """
    later = [f"SystemModstamp > {soql.instant(at)}"]
    touched = _touched(org, LOOKED_AT, later)
    return bool(touched) and bool(_touched(org, touched, [*later, f"LastModifiedById != {soql.text(org.user_id)}"]))


def _touched(org: Org, sources: Iterable[str], conditions: Sequence[str]) -> AbstractSet[str]:
    """Return the objects of which some record meets the conditions."""
    asked = [_subrequest(source, conditions) for source in sources]
    answer = org.session.send("POST", COMPOSITE, together.body(asked), "look")
    told = answer.get("compositeResponse") if isinstance(answer, dict) else None
    return {str(each["referenceId"]) for each in told or () if _finds(each)}


def _subrequest(source: str, conditions: Sequence[str]) -> Json:
    return together.subrequest(soql.select(("Id",), source, conditions, "LIMIT 1"), source)


def _finds(result: Any) -> bool:
    """Tell whether a subrequest found a record; a refused one did not."""
    if not isinstance(result, dict) or result.get("httpStatusCode") != together.FOUND:
        return False
    body = result.get("body")
    return isinstance(body, dict) and bool(body.get("records"))
