"""The controls that every sandbox has under ``/_sandbox``: its request log and its faults.

For demos, tests and benchmarks on this machine only.
"""

from __future__ import annotations

import ipaddress
from dataclasses import asdict
from typing import Any

import orjson
from flask import Blueprint, Response, request

from connector.sandbox.faults import Fault, FaultKind
from connector.sandbox.state import Stage


def loopback_only() -> Response | None:
    """Refuse callers from other machines; to be run before each request."""
    if ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback:  # noqa: S104 (not a bind address)
        return None
    return _reply({"message": "The sandbox's controls answer to its own machine only."}, 403)


def build_controls(stage: Stage) -> Blueprint:
    """Return the controls over one sandbox's means."""
    blueprint = Blueprint("sandbox_controls", __name__)
    blueprint.before_request(loopback_only)

    @blueprint.get("/requests")
    def requests() -> Response:
        """Answer every logged request."""
        return _reply([asdict(entry) for entry in stage.log.entries()])

    @blueprint.get("/requests/summary")
    def requests_summary() -> Response:
        """Answer counts and the fullest windows of the log."""
        return _reply(stage.log.summary())

    @blueprint.delete("/requests")
    def forget_requests() -> Response:
        """Empty the log."""
        stage.log.clear()
        return Response(status=204)

    @blueprint.post("/faults")
    def set_faults() -> Response:
        """Put the faults of the body (``{"faults": [...]}``) in force instead of the present ones."""
        try:
            given = orjson.loads(request.get_data())["faults"]
            faults = [Fault(**{**each, "kind": FaultKind(each["kind"])}) for each in given]
        except (KeyError, TypeError, ValueError) as error:
            return _reply({"message": f"A fault could not be read: {error}"}, 400)
        stage.faults.replace_all(faults)
        return _reply({"faults": len(faults)})

    return blueprint


def _reply(payload: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(payload), status, mimetype="application/json")
