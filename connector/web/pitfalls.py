"""The page Pitfalls: all that are known, how the organisation stands to each, and since when."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.pitfalls import watching
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("pitfalls", __name__, url_prefix="/pitfalls")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show every pitfall as the last look found it."""
    return render_template("pitfalls.html", found=watching.standing(services(), tenant_id()))


@pages.post("/look")
@needs(Permission.RUN)
def look() -> ResponseReturnValue:
    """Look at all of them now."""
    watching.look_for(services(), tenant_id())
    flash("Looked at all of them.")
    return redirect(url_for("pitfalls.show"))
