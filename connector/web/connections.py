"""The page of a connected account: live progress, what was read, what can be started."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services import on_request, options, pipeline, publication
from connector.services.access.permissions import Permission
from connector.services.privacy import leaving
from connector.services.reports.connecting import connectable
from connector.services.reports.connection import ConnectionReport, connection_report
from connector.services.setup.steps import setup
from connector.web.guard import needs
from connector.web.numbers import row_number
from connector.web.session import asker, tenant_id
from connector.web.wiring import services

pages = Blueprint("connections", __name__, url_prefix="/connections/<uuid:connection_id>")

_UNDER_WAY = "A run is under way already. It will see every change that is in the CRM by now."


@pages.get("")
@needs(Permission.SEE)
def show(connection_id: UUID) -> ResponseReturnValue:
    """Show a connection."""
    report, found = _owned(connection_id), setup(services(), tenant_id())
    return render_template("connection.html", report=report, crms=connectable(services()), setup=found)


@pages.get("/progress")
@needs(Permission.SEE)
def progress(connection_id: UUID) -> ResponseReturnValue:
    """Return the part of the page that changes while a run is under way."""
    report, found = _owned(connection_id), setup(services(), tenant_id())
    return render_template("progress.html", report=report, setup=found)


@pages.post("/refresh")
@needs(Permission.RUN)
def refresh(connection_id: UUID) -> ResponseReturnValue:
    """Read what changed, score it and write it back."""
    return _start(connection_id, pipeline.REFRESH, "Reading what changed.")


@pages.post("/retrain")
@needs(Permission.RUN)
def retrain(connection_id: UUID) -> ResponseReturnValue:
    """Train a new model version on everything known by now."""
    return _start(connection_id, pipeline.RETRAIN, "Reading what changed, then training a new model.")


@pages.post("/resume")
@needs(Permission.RUN)
def resume(connection_id: UUID) -> ResponseReturnValue:
    """Go on with what was stopped, once its cause is mended."""
    _owned(connection_id)
    resumed = pipeline.resume(services(), tenant_id())
    flash("Resumed. A worker takes it up within half a minute." if resumed else "Nothing is stopped.")
    return redirect(url_for("connections.show", connection_id=connection_id))


@pages.post("/dead-letters")
@needs(Permission.PUBLISH)
def replay(connection_id: UUID) -> ResponseReturnValue:
    """Let what the CRM refused be tried again: the record that was named, or all."""
    _owned(connection_id)
    count = publication.replay(services(), tenant_id(), connection_id, _record())
    flash(f"{count:,} to be tried again." if count else "Nothing of that waits as refused.")
    return redirect(url_for("connections.show", connection_id=connection_id))


@pages.post("/overwritten")
@needs(Permission.PUBLISH)
def reset(connection_id: UUID) -> ResponseReturnValue:
    """Write our values again where they were left to who overwrote them: the record that was named, or all."""
    _owned(connection_id)
    count = publication.reset(services(), tenant_id(), connection_id, _record())
    flash(f"{count:,} to be written again." if count else "Nothing of that was left as it is.")
    return redirect(url_for("connections.show", connection_id=connection_id))


def _record() -> int | None:
    """Read the record that a form names, None where it names none."""
    text = request.form.get("record", "")
    if not text:
        return None
    found = row_number(text)
    return abort(404) if found is None else found


@pages.post("/options")
@needs(Permission.CONNECT)
def choose(connection_id: UUID) -> ResponseReturnValue:
    """Turn an option of the account on, by the value that was typed, or off by an empty one."""
    _owned(connection_id)
    name, value = request.form.get("name", ""), request.form.get("value", "")
    try:
        label = options.choose(services(), tenant_id(), connection_id, name, value)
        flash(f"{label}: {'saved. The next scores follow it.' if value.strip() else 'turned off.'}")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("connections.show", connection_id=connection_id))


@pages.post("/disconnect")
@needs(Permission.CONNECT)
def disconnect(connection_id: UUID) -> ResponseReturnValue:
    """Leave the account: its values stay in the CRM, or leave it first."""
    _owned(connection_id)
    left = leaving.leave(services(), tenant_id(), connection_id, asker(), clear=request.form.get("values") == "remove")
    flash("Disconnected. No more calls are made." if left else "This account was disconnected before.")
    return redirect(url_for("connections.show", connection_id=connection_id))


def _start(connection_id: UUID, kind: str, message: str) -> ResponseReturnValue:
    _owned(connection_id)
    flash(message if on_request.start_run(services(), tenant_id(), kind) else _UNDER_WAY)
    return redirect(url_for("connections.show", connection_id=connection_id))


def _owned(connection_id: UUID) -> ConnectionReport:
    """Return the report of a connection of the signed-in tenant; anyone else's is not there."""
    found = connection_report(services(), tenant_id(), connection_id)
    return found or abort(404)
