"""The page Capacity: what the team can take, the threshold that follows, and what it brings and misses."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services import capacity
from connector.services.access.permissions import Permission
from connector.services.reports.capacity import capacity_page
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("capacity", __name__, url_prefix="/capacity")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show the plan of the team that is asked about, of the tenant's own where none is."""
    page = capacity_page(services(), tenant_id(), request.args)
    return render_template("capacity.html", page=page)


@pages.post("/set")
@needs(Permission.REPLACE)
def choose() -> ResponseReturnValue:
    """Have the band set by the team's capacity from the next model on."""
    tenant = tenant_id()
    try:
        flash(capacity.choose(services(), tenant, capacity.read_team(request.form)))
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("capacity.show"))
