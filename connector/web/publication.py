"""The page Publication: what is written, when, and what it sets off; the admin's word on it."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import ConnectorError, RejectedInput
from connector.services import listening, publication
from connector.services.access.permissions import Permission
from connector.services.reports.publication import publication_report
from connector.services.setup.steps import setup
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("publication", __name__, url_prefix="/publication")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show what would be written to each account."""
    tenant = tenant_id()
    report = publication_report(services(), tenant)
    return render_template("publication.html", report=report, setup=setup(services(), tenant))


@pages.get("/go")
@needs(Permission.SEE)
def go() -> ResponseReturnValue:
    """Show what the first approval of each account will do, with the button that gives it."""
    tenant = tenant_id()
    return render_template("go.html", report=publication_report(services(), tenant), setup=setup(services(), tenant))


@pages.post("/settings")
@needs(Permission.PUBLISH)
def choose() -> ResponseReturnValue:
    """Save how scores are published."""
    tenant = tenant_id()
    return _said(
        lambda: publication.choose(services(), tenant, publication.read_choice(request.form)),
        "Saved. It holds from now on.",
    )


@pages.post("/<uuid:connection_id>/approve")
@needs(Permission.PUBLISH)
def approve(connection_id: UUID) -> ResponseReturnValue:
    """Let an account's first scores be written, all of them or so many as were typed."""
    tenant, typed = _owner(connection_id), request.form.get("first_records", "")
    back = "publication.go" if request.form.get("back") == "go" else "publication.show"

    def act() -> None:
        first = publication.read_number(typed, "The number of first records")
        publication.approve(services(), tenant, connection_id, first)

    return _said(act, "Approved. The scores are being written.", back)


@pages.post("/<uuid:connection_id>/release")
@needs(Permission.PUBLISH)
def release(connection_id: UUID) -> ResponseReturnValue:
    """Let the rest follow after the first records."""
    tenant = _owner(connection_id)
    return _said(lambda: publication.release(services(), tenant, connection_id), "The rest is being written.")


@pages.post("/<uuid:connection_id>/withdraw")
@needs(Permission.PUBLISH)
def withdraw(connection_id: UUID) -> ResponseReturnValue:
    """Take an approval back."""
    tenant = _owner(connection_id)
    message = "Withdrawn. New scores wait for another approval; those that were written stay."
    return _said(lambda: publication.withdraw(services(), tenant, connection_id), message)


@pages.post("/<uuid:connection_id>/listeners")
@needs(Permission.PUBLISH)
def look(connection_id: UUID) -> ResponseReturnValue:
    """Ask the CRM again what listens to the score fields."""
    tenant = _owner(connection_id)
    return _said(lambda: listening.listen(services(), tenant, connection_id), "Looked again.")


def _owner(connection_id: UUID) -> UUID:
    """Return the signed-in tenant, whose account it must be: anyone else's is not there."""
    tenant = tenant_id()
    return tenant if publication.owns(services(), tenant, connection_id) else abort(404)


def _said(act: Callable[[], None], message: str, back: str = "publication.show") -> ResponseReturnValue:
    """Do what was asked for and say so, or say why it was not done, on the page from which it was asked."""
    try:
        act()
        flash(message)
    except RejectedInput as refused:
        flash(str(refused))
    except ConnectorError as trouble:
        flash(f"That did not work: {trouble}")
    return redirect(url_for(back))
