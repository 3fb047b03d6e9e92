"""The fields of the connected accounts, and the admin's word on which models may see."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.privacy import fields, unprofiled
from connector.services.reports.fields import SAMPLE, field_lines, silencing_fields
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("fields", __name__, url_prefix="/fields")

_CHOICES = {"allow": True, "leave-out": False, "": None}


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """List every field with its fill, sensitivity, and whether and why it is used."""
    lines, silencing = field_lines(services(), tenant_id()), silencing_fields(services(), tenant_id())
    return render_template("fields.html", lines=lines, silencing=silencing, sample=SAMPLE)


@pages.post("/unprofiled")
@needs(Permission.DECIDE)
def unprofile() -> ResponseReturnValue:
    """Let a value of a field mean that its person is not to be profiled, or let none."""
    field, value = request.form.get("field", ""), request.form.get("value", "")
    try:
        silenced = unprofiled.choose(services(), tenant_id(), field, value)
        now = f"Of those who are known {silenced:,} object by it now; whoever gets the value later does so then."
        flash(f"Saved. {now}" if value.strip() else "Taken back. Who has objected by it stays as they are.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("fields.index"))


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
