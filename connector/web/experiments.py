"""The page Experiments: hold some newcomers' scores out at random, and see what the scores are worth."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.experiments import conducting
from connector.services.reports.experiments import experiments_report
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("experiments", __name__, url_prefix="/experiments")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show what an experiment would take, the running one, and former ones."""
    wish = None
    try:
        wish = conducting.read_wish(request.args) if "share" in request.args else None
    except RejectedInput as refused:
        flash(str(refused))
    report = experiments_report(services(), tenant_id(), wish)
    return render_template("experiments.html", report=report)


@pages.post("/begin")
@needs(Permission.EXPERIMENT)
def begin() -> ResponseReturnValue:
    """Begin to hold newcomers out."""
    try:
        wish = conducting.read_wish(request.form)
        conducting.begin(services(), tenant_id(), wish, consent=request.form.get("consent") == "yes")
        flash("Begun. From now on newcomers are drawn.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("experiments.show"))


@pages.post("/end")
@needs(Permission.EXPERIMENT)
def end() -> ResponseReturnValue:
    """Show everybody's scores again."""
    try:
        conducting.end(services(), tenant_id())
        flash("Ended. The scores that were held out are being written.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("experiments.show"))
