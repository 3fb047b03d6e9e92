"""The fields of the connected accounts, and the admin's word on which models may see."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.privacy import fields
from connector.services.reports.fields import SAMPLE, field_lines
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("fields", __name__, url_prefix="/fields")

_CHOICES = {"allow": True, "leave-out": False, "": None}


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """List every field with its fill, sensitivity, and whether and why it is used."""
    return render_template("fields.html", lines=field_lines(services(), tenant_id()), sample=SAMPLE)


@pages.post("/elsewhere/<name>")
@needs(Permission.DECIDE)
def decide_elsewhere(name: str) -> ResponseReturnValue:
    """The same for what no account's catalogue has."""
    return _decided(lambda choice: fields.decide_elsewhere(services(), tenant_id(), name, choice))


@pages.post("/<uuid:connection_id>/<path:name>")
@needs(Permission.DECIDE)
def decide(connection_id: UUID, name: str) -> ResponseReturnValue:
    """Let models see a field, leave it out, or go by its sensitivity."""
    return _decided(lambda choice: fields.decide(services(), tenant_id(), connection_id, name, choice))


def _decided(decide: Callable[[bool | None], bool]) -> ResponseReturnValue:
    choice = request.form.get("choice", "")
    if choice not in _CHOICES or not decide(_CHOICES[choice]):
        abort(404)
    flash("Saved. The next training follows it.")
    return redirect(url_for("fields.index"))
