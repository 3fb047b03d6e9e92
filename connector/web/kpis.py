"""The page KPIs: what the scores are worth in figures, and what marketing spent."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.kpis import making, spending
from connector.services.objectives.measuring import standing
from connector.services.reports.kpis import kpis_page
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("kpis", __name__, url_prefix="/kpis")


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """Show the newest figures with what is behind each."""
    tenant = tenant_id()
    return render_template("kpis.html", page=kpis_page(services(), tenant), standing=standing(services(), tenant))


@pages.post("/make")
@needs(Permission.RUN)
def make() -> ResponseReturnValue:
    """Have the figures counted anew."""
    making.ask(services(), tenant_id())
    flash("The figures are counted anew within a minute or so. Load this page again then.")
    return redirect(url_for("kpis.index"))


@pages.post("/spend")
@needs(Permission.SPEND)
def take() -> ResponseReturnValue:
    """Take in a file of what marketing spent; each line that is not taken is named."""
    given = request.files.get("file")
    try:
        flash(spending.upload(services(), tenant_id(), given.read() if given else b"").sentence)
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("kpis.index"))
