"""Flows of the org, to be found by queries; they do nothing here.

Sources: object reference, FlowDefinitionView; Tooling API, Flow; Metadata API, Flow (``start``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connector.sandbox.salesforce.hub import Hub


def add_flow(hub: Hub, name: str, start: Mapping[str, Any] | None, *, active: bool = True) -> None:
    """Add a flow that begins by ``start``, as its metadata tell; None: a package hides them.

    Without ``object`` it is a flow that no record triggers.
    """
    view_id, flow_id = hub.new_id("FlowDefinitionView"), hub.new_id("Flow")
    definition_id, now = hub.new_id("FlowDefinition"), hub.now_ms()
    triggered = start is None or "object" in start
    shown = {
        "Id": view_id,
        "DurableId": definition_id,
        "ApiName": name.replace(" ", "_"),
        "Label": name,
        "ProcessType": "AutoLaunchedFlow" if triggered else "Flow",
        "TriggerType": "RecordAfterSave" if triggered else None,
        "IsActive": active,
        "ActiveVersionId": flow_id if active else None,
        "LatestVersionId": flow_id,
        "NamespacePrefix": "pkg" if start is None else None,
        "LastModifiedDate": now,
    }
    version = {
        "Id": flow_id,
        "DefinitionId": definition_id,
        "MasterLabel": name,
        "Status": "Active" if active else "Draft",
        "ProcessType": shown["ProcessType"],
        "FullName": f"{shown['ApiName']}-1",
        "Metadata": None if start is None else json.dumps({"label": name, "start": dict(start)}),
        "LastModifiedDate": now,
    }
    hub.tables["FlowDefinitionView"].put(view_id, shown, now)
    hub.tables["Flow"].put(flow_id, version, now)
