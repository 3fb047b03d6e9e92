"""dlt's own REST source on HubSpot's objects: run by the environment that has dlt, which this one has not.

``python pipeline_for_dlt.py FOLDER TOKEN now``: contacts, companies, deals and activities with all their properties
into a DuckDB file. ``… whole`` besides: each dated value of the contacts' properties and of the deals' stage, whose
deals and activities are, forms with their submissions, and e-mail events. Prints how many rows it loaded, and as
``changes`` how many dated values.

dlt's HubSpot source is copied into projects from its repository and is no package, so its REST source is set to ask the
same of the same endpoints. Histories are read as that source reads them with ``include_history``
(https://github.com/dlt-hub/verified-sources, sources/hubspot): in a listing of their own, a row for each value.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers import requests
from dlt.sources.rest_api import rest_api_source

ORIGIN = "https://api.hubapi.com"
OBJECTS = ("contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks")
OF_CONTACTS = frozenset(OBJECTS) - {"contacts", "companies"}
HISTORY_LIMIT = 50

Resource = dict[str, Any]

NEXT = {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"}
EVENTS = {"type": "cursor", "cursor_path": "offset", "cursor_param": "offset", "has_more_path": "hasMore"}


def _properties(kind: str, headers: dict[str, str]) -> str:
    found = requests.get(f"{ORIGIN}/crm/v3/properties/{kind}", headers=headers).json()["results"]
    return ",".join(each["name"] for each in found)


def _resource(name: str, path: str, parameters: Resource, data: str, paginator: Resource) -> Resource:
    endpoint = {"path": path, "params": parameters, "data_selector": data, "paginator": paginator}
    return {"name": name, "endpoint": endpoint}


def _object(kind: str, properties: str, *, linked: bool) -> Resource:
    parameters = {"limit": 100, "properties": properties}
    if linked and kind in OF_CONTACTS:
        parameters["associations"] = "contacts"
    return _resource(kind, f"crm/v3/objects/{kind}", parameters, "results", NEXT)


def _marketing() -> list[Resource]:
    form = {"type": "resolve", "resource": "forms", "field": "id"}
    submissions = "form-integrations/v1/submissions/forms/{form}"
    return [
        _resource("forms", "marketing/v3/forms", {"limit": 100}, "results", NEXT),
        _resource("submissions", submissions, {"form": form, "limit": 50}, "results", NEXT),
        _resource("email_events", "email/public/v1/events", {"limit": 1000}, "events", EVENTS),
    ]


def _history(kind: str, names: str, headers: dict[str, str]) -> Iterator[list[Resource]]:
    asked = {"propertiesWithHistory": names, "limit": HISTORY_LIMIT}
    while True:
        page = requests.get(f"{ORIGIN}/crm/v3/objects/{kind}", params=asked, headers=headers).json()
        yield [
            {"object_id": each["id"], "property_name": name, **version}
            for each in page["results"]
            for name, versions in each.get("propertiesWithHistory", {}).items()
            for version in versions
        ]
        following = page.get("paging", {}).get("next")
        if following is None:
            return
        asked["after"] = following["after"]


def main() -> None:
    """Load everything once."""
    folder, token, whole = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "whole"
    headers = {"Authorization": f"Bearer {token}"}
    names = {kind: _properties(kind, headers) for kind in OBJECTS}
    resources = [_object(kind, names[kind], linked=whole) for kind in OBJECTS]
    histories = {"contacts": names["contacts"], "deals": "dealstage"} if whole else {}
    if whole:
        resources += _marketing()
    client = {"base_url": f"{ORIGIN}/", "auth": {"type": "bearer", "token": token}}
    dated = [
        dlt.resource(_history(kind, asked, headers), name=f"{kind}_property_history")
        for kind, asked in histories.items()
    ]
    destination = dlt.destinations.duckdb(str(folder / "loaded.duckdb"))
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="crm", pipelines_dir=str(folder))
    pipeline.run([rest_api_source({"client": client, "resources": resources}), *dated])
    counts = pipeline.last_trace.last_normalize_info.row_counts
    rows = sum(counts.get(each["name"], 0) for each in resources)
    print(json.dumps({"rows": rows, "changes": sum(counts.get(each.name, 0) for each in dated)}))


if __name__ == "__main__":
    main()
