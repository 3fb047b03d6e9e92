"""The tracking page: a tenant's own sites, their script, and what arrives."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.reports.tracking import site_reports
from connector.services.tracking import sites
from connector.services.tracking.sites import NewSecret
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services, settings

pages = Blueprint("tracking", __name__, url_prefix="/tracking")


@pages.get("")
@needs(Permission.TRACK)
def index() -> ResponseReturnValue:
    """List the sites with their snippet and what the last days brought."""
    return _page()


@pages.post("/sites")
@needs(Permission.TRACK)
def add() -> ResponseReturnValue:
    """Register a site; its secret is shown by this answer alone."""
    try:
        made = sites.add(services(), tenant_id(), request.form.get("name", ""), _origins())
    except RejectedInput as refused:
        return _refused(refused)
    return _page(made)


@pages.post("/sites/<uuid:site_id>/secret")
@needs(Permission.TRACK)
def replace_secret(site_id: UUID) -> ResponseReturnValue:
    """Give a site another secret, shown by this answer alone."""
    return _page(sites.replace_secret(services(), tenant_id(), site_id) or abort(404))


@pages.post("/sites/<uuid:site_id>/origins")
@needs(Permission.TRACK)
def change_origins(site_id: UUID) -> ResponseReturnValue:
    """Replace the origins that a site's pages may have."""
    tenant = tenant_id()
    if not sites.is_owned(services(), tenant, site_id):
        abort(404)
    try:
        sites.change_origins(services(), tenant, site_id, _origins())
        flash("Saved. Pages of these origins may send from now on, no others.")
    except RejectedInput as refused:
        return _refused(refused)
    return redirect(url_for("tracking.index"))


def _origins() -> list[str]:
    return request.form.get("origins", "").replace(",", " ").split()


def _page(shown: NewSecret | None = None) -> ResponseReturnValue:
    reports = site_reports(services(), tenant_id())
    return render_template("tracking.html", reports=reports, shown=shown, public_url=settings().public_url)


def _refused(error: RejectedInput) -> ResponseReturnValue:
    flash(str(error))
    return redirect(url_for("tracking.index"))
