"""Who is taken for one person, and the admin's word on it."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.services import joins
from connector.services.access.permissions import Permission
from connector.services.reports.joins import joined_people
from connector.web.guard import needs
from connector.web.numbers import row_number
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("people", __name__, url_prefix="/people")


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """List the people with several records, and the records that were set apart."""
    after = row_number(request.args.get("after") or "0")
    page = joined_people(services(), tenant_id(), abort(404) if after is None else after)
    return render_template("people.html", page=page, first_page=not after)


@pages.post("/<int:record_id>/apart")
@needs(Permission.JOIN)
def set_apart(record_id: int) -> ResponseReturnValue:
    """Part a record from the others of its person."""
    return _decide(record_id, apart=True)


@pages.post("/<int:record_id>/together")
@needs(Permission.JOIN)
def let_join(record_id: int) -> ResponseReturnValue:
    """Let a record that was set apart join again."""
    return _decide(record_id, apart=False)


def _decide(record_id: int, *, apart: bool) -> ResponseReturnValue:
    if not joins.set_apart(services(), tenant_id(), record_id, apart=apart):
        abort(404)
    flash("The record is a person of its own now." if apart else "The record may join others again.")
    return redirect(url_for("people.index"))
