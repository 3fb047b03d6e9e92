"""The page Settings: what is set, by whom, and what a change sets off; forms for what has no page of its own."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import ConnectorError
from connector.services import choosing, fairness, free_text, pooling, rescaling
from connector.services.access.permissions import Permission
from connector.services.objectives.contract import BANDS, COMPLEXITIES
from connector.services.reports.settings import settings_page
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("settings", __name__, url_prefix="/settings")

_NEXT = "Saved. It holds from the next model on."
_SAME = "That is how it is set already."


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """Show all settings."""
    page = settings_page(services(), tenant_id())
    return render_template("settings.html", page=page, bands=BANDS, complexities=COMPLEXITIES, steps=choosing.STEPS)


@pages.post("/model")
@needs(Permission.REPLACE)
def choose_band() -> ResponseReturnValue:
    """Set what High-Intent is, and how complex a model may be."""
    return _said(lambda: choosing.choose_band(services(), tenant_id(), request.form), _NEXT)


@pages.post("/learning")
@needs(Permission.DECIDE)
def choose_learning() -> ResponseReturnValue:
    """Set what models may learn from beside the fields."""
    return _said(lambda: choosing.choose_learning(services(), tenant_id(), request.form), _NEXT)


@pages.post("/text")
@needs(Permission.DECIDE)
def choose_text() -> ResponseReturnValue:
    """Let models read a field's free text, or stop it."""
    name, on = request.form.get("field", ""), request.form.get("on") == "on"

    def act() -> bool:
        free_text.choose(services(), tenant_id(), name, on=on)
        return True

    return _said(act, _NEXT)


@pages.post("/fairness")
@needs(Permission.DECIDE)
def choose_fairness() -> ResponseReturnValue:
    """Compare the figures over a field's groups, or stop it."""
    name, on = request.form.get("field", ""), request.form.get("on") == "on"
    return _said(lambda: fairness.choose(services(), tenant_id(), name, on=on), _NEXT)


@pages.post("/step")
@needs(Permission.PUBLISH)
def choose_step() -> ResponseReturnValue:
    """Set by how much a score must move before it is written again."""
    step = request.form.get("minimum_step", "")
    return _said(lambda: choosing.choose_step(services(), tenant_id(), step), "Saved. It holds for the next scores.")


@pages.post("/scale")
@needs(Permission.PUBLISH)
def choose_scale() -> ResponseReturnValue:
    """Set whether scores are written up to 100 or up to 1."""
    scale = request.form.get("scale", "")
    written = "Saved. What was written is being written again on that scale, within what may be written."
    return _said(lambda: rescaling.choose(services(), tenant_id(), scale), written)


@pages.post("/pooling")
@needs(Permission.POOL)
def choose_pooling() -> ResponseReturnValue:
    """Give coefficients to, and take them from, other organisations, or stop it."""
    on = request.form.get("on") == "on"

    def act() -> bool:
        pooling.choose(services(), tenant_id(), on=on)
        return True

    return _said(act, _NEXT if on else "Stopped. What was given is deleted.")


def _said(act: Callable[[], bool], message: str) -> ResponseReturnValue:
    try:
        flash(message if act() else _SAME)
    except ConnectorError as refused:
        flash(str(refused))
    return redirect(url_for("settings.index"))
