"""The page Goal: what counts as success, counted before it is chosen."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.reports.goal import goal_page
from connector.services.setup import goals
from connector.services.setup.steps import setup
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("goal", __name__, url_prefix="/goal")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show what each outcome would count; the one that is asked about month by month."""
    tenant = tenant_id()
    page = goal_page(services(), tenant, request.args)
    return render_template("goal.html", page=page, setup=setup(services(), tenant), horizons=goals.HORIZONS)


@pages.post("/set")
@needs(Permission.REPLACE)
def choose() -> ResponseReturnValue:
    """Count this as success from the next model on."""
    tenant = tenant_id()
    try:
        flash(goals.choose(services(), tenant, request.form))
    except RejectedInput as refused:
        flash(str(refused))
        return redirect(url_for("goal.show"))
    return redirect(url_for("lookback.show"))
