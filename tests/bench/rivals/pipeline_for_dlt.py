"""dlt's own REST source on the same objects as the tap's: run by the environment that has dlt, which this one has not.

``python pipeline_for_dlt.py FOLDER TOKEN``: contacts, companies, deals and activities with all their properties into
a DuckDB file; prints how many rows it loaded. dlt's HubSpot source is copied into projects from its repository and
is no package, so its REST source is set to ask the same of the same endpoints.
"""

import json
import sys
from pathlib import Path

import dlt
import requests
from dlt.sources.rest_api import rest_api_source

ORIGIN = "https://api.hubapi.com"
OBJECTS = ("contacts", "companies", "deals", "calls", "emails", "meetings", "notes", "tasks")


def _properties(kind: str, headers: dict[str, str]) -> str:
    found = requests.get(f"{ORIGIN}/crm/v3/properties/{kind}", headers=headers, timeout=60).json()["results"]
    return ",".join(each["name"] for each in found)


def _resource(kind: str, headers: dict[str, str]) -> dict[str, object]:
    parameters = {"limit": 100, "properties": _properties(kind, headers)}
    page = {"type": "cursor", "cursor_path": "paging.next.after", "cursor_param": "after"}
    endpoint = {"path": f"crm/v3/objects/{kind}", "params": parameters, "data_selector": "results", "paginator": page}
    return {"name": kind, "endpoint": endpoint}


def main() -> None:
    """Load everything once."""
    folder, token = Path(sys.argv[1]), sys.argv[2]
    headers = {"Authorization": f"Bearer {token}"}
    client = {"base_url": f"{ORIGIN}/", "auth": {"type": "bearer", "token": token}}
    source = rest_api_source({"client": client, "resources": [_resource(kind, headers) for kind in OBJECTS]})
    destination = dlt.destinations.duckdb(str(folder / "loaded.duckdb"))
    pipeline = dlt.pipeline("bench", destination=destination, dataset_name="crm", pipelines_dir=str(folder))
    pipeline.run(source)
    counts = pipeline.last_trace.last_normalize_info.row_counts
    print(json.dumps({"rows": sum(counts.get(kind, 0) for kind in OBJECTS)}))


if __name__ == "__main__":
    main()
