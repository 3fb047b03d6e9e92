"""For load balancers and supervisors."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from connector.services.reports.health import ready
from connector.web.wiring import services

endpoint = Blueprint("health", __name__)


@endpoint.get("/healthz")
def healthz() -> ResponseReturnValue:
    """Answer as long as the process lives."""
    return {"status": "ok"}


@endpoint.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Answer 200 when requests can be served, else 503."""
    return ({"status": "ok"}, 200) if ready(services()) else ({"status": "the database does not answer"}, 503)
