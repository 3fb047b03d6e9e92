"""For load balancers and supervisors."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from connector.services.reports.health import readiness
from connector.web.guard import anybody
from connector.web.wiring import services

endpoint = Blueprint("health", __name__)


@endpoint.get("/healthz")
@anybody("load balancers ask whether the process lives")
def healthz() -> ResponseReturnValue:
    """Answer as long as the process lives; asks nobody else."""
    return {"status": "ok"}


@endpoint.get("/readyz")
@anybody("load balancers ask whether it can serve")
def readyz() -> ResponseReturnValue:
    """Answer 200 when requests can be served, else 503 with what is wrong."""
    found = readiness(services())
    return {"status": "ok" if found.ready else "not ready", "parts": found.parts}, 200 if found.ready else 503
