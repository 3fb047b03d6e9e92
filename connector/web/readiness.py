"""The page Readiness: what there is to learn from, and what more would bring."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.reports.readiness import readiness
from connector.services.setup.steps import setup
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("readiness", __name__, url_prefix="/readiness")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show what the first run found."""
    tenant = tenant_id()
    return render_template("readiness.html", page=readiness(services(), tenant), setup=setup(services(), tenant))
