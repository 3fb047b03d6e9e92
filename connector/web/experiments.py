"""The page Experiments: what scores are worth, and which of two models or lines brings more, by chance alone."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.champions import choosing, trying
from connector.services.experiments import conducting, lining
from connector.services.reports.experiments import USUAL_LIFT, experiments_report
from connector.store.experiments import MODELS
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
    line = None
    try:
        line = lining.read_wish(request.args) if "line" in request.args else None
    except RejectedInput as refused:
        flash(str(refused))
    report = experiments_report(services(), tenant_id(), wish, line)
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


@pages.post("/lines")
@needs(Permission.EXPERIMENT)
def begin_lines() -> ResponseReturnValue:
    """Begin to band half of the companies by another line."""
    try:
        lining.begin(services(), tenant_id(), lining.read_wish(request.form))
        flash("Begun. Half of the companies have the other line now.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("experiments.show"))


@pages.post("/models/<version>")
@needs(Permission.EXPERIMENT)
def begin_models(version: str) -> ResponseReturnValue:
    """Begin to compare a model that waits with the champion by what becomes of leads."""
    tenant = tenant_id()
    if not choosing.owns(services(), tenant, version):
        abort(404)
    try:
        trying.compare(services(), tenant, version, USUAL_LIFT)
        flash("Begun. Half of the companies are scored by it now.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("experiments.show"))


@pages.post("/end")
@needs(Permission.EXPERIMENT)
def end() -> ResponseReturnValue:
    """Treat everybody alike again."""
    kind = request.form.get("kind", "")
    try:
        if kind == MODELS:
            trying.withdraw(services(), tenant_id())
        else:
            conducting.end(services(), tenant_id(), kind)
        flash("Ended. Everybody's scores are being written as usual.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("experiments.show"))
