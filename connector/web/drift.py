"""The page Drift: what changed among those who come, and what people say of it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.drift import alarms
from connector.services.reports.drift import drift_report
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("drift", __name__, url_prefix="/drift")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show the newest look, the alarms, and what is foretold."""
    return render_template("drift.html", report=drift_report(services(), tenant_id()))


@pages.post("/<int:alarm_id>/accept")
@needs(Permission.RUN)
def accept(alarm_id: int) -> ResponseReturnValue:
    """Silence an alarm: the change is meant to be so."""
    if not alarms.accept(services(), tenant_id(), alarm_id):
        abort(404)
    flash("Noted. This alarm is silent until what it tells of has passed.")
    return redirect(url_for("drift.show"))


@pages.post("/settings")
@needs(Permission.RUN)
def choose() -> ResponseReturnValue:
    """Set whether an alarm calls for a training."""
    alarms.let_alarms_retrain(services(), tenant_id(), wanted=request.form.get("retrain_on_drift") == "yes")
    flash("Saved. It holds from the next alarm on.")
    return redirect(url_for("drift.show"))
