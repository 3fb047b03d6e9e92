"""Several queries in one request, which counts once against the org's day.

REST guide, "Send Multiple Requests Using Composite": five queries are the most of one composite request, and each is
answered for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from simple_salesforce.exceptions import SalesforceGeneralError

from connector.adapters.salesforce.paths import COMPOSITE, DATA
from connector.adapters.salesforce.values import Json

QUERIES = 5
FOUND = 200


def subrequest(query: str, reference: str, *, deleted: bool = False) -> Json:
    """Return one query as a part of a composite request; ``reference`` is what its answer is called."""
    address = f"{DATA}{'queryAll' if deleted else 'query'}?q={quote_plus(query)}"
    return {"method": "GET", "url": address, "referenceId": reference}


def body(subrequests: Sequence[Json]) -> Json:
    """Return a composite request of which a part may fail alone."""
    return {"allOrNone": False, "compositeRequest": list(subrequests)}


def answers(found: Any, count: int) -> list[Any]:
    """Return the bodies of ``count`` answers in the order of their queries.

    The refusal of one is raised as if it had been asked alone; ``ValueError`` for anything that is no such answer.
    """
    told = found.get("compositeResponse") if isinstance(found, dict) else None
    if not isinstance(told, list) or not all(isinstance(each, dict) for each in told):
        raise ValueError("not the answer of a composite request")
    by_name = {str(each.get("referenceId")): each for each in told}
    ordered = [by_name.get(reference_of(place)) for place in range(count)]
    for each in ordered:
        status = each.get("httpStatusCode") if each else None
        if each is None or not isinstance(status, int) or "body" not in each:
            raise ValueError("a query of a composite request has no answer")
        if status != FOUND:
            raise SalesforceGeneralError(COMPOSITE, status, COMPOSITE, each.get("body"))
    return [each["body"] for each in ordered if each is not None]


def reference_of(place: int) -> str:
    """Return what the answer to the query in a place is called."""
    return f"q{place}"
