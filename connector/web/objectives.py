"""The page Objectives: what the scores are for, drafted here and signed by the owner."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.objectives import contract, signing
from connector.services.reports.objectives import objectives_page
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("objectives", __name__, url_prefix="/objectives")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show what was signed, how it is kept, and the draft."""
    page = objectives_page(services(), tenant_id())
    return render_template("objectives.html", page=page, bands=contract.BANDS, complexities=contract.COMPLEXITIES)


@pages.post("/draft")
@needs(Permission.DRAFT)
def draft() -> ResponseReturnValue:
    """Keep what was filled in as the draft."""
    tenant = tenant_id()

    def act() -> str:
        wanted = contract.read_form(request.form, signing.settings_of(services(), tenant))
        signing.draft(services(), tenant, wanted, contract.read_why(request.form))
        return "Drafted. Nothing holds before an owner signs it."

    return _said(act)


@pages.post("/discard")
@needs(Permission.DRAFT)
def discard() -> ResponseReturnValue:
    """Throw the draft away."""
    tenant = tenant_id()
    return _said(lambda: "Discarded." if signing.discard(services(), tenant) else "There is no draft.")


@pages.post("/sign")
@needs(Permission.SIGN)
def sign() -> ResponseReturnValue:
    """Make the draft the version that holds."""
    tenant, read = tenant_id(), request.form.get("read", "")
    return _said(lambda: f"Signed: version {signing.sign(services(), tenant, read)} holds from now on.")


def _said(act: Callable[[], str]) -> ResponseReturnValue:
    """Do what was asked for and say so, or say why it was not done."""
    try:
        flash(act())
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("objectives.show"))
