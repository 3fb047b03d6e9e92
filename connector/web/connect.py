"""The start page: connect a CRM, which is also how one signs in."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.reports.connecting import connectable
from connector.services.reports.connection import first_connection
from connector.services.setup import steps
from connector.services.setup.steps import Step
from connector.web import session
from connector.web.guard import anybody, needs
from connector.web.setup import address_of
from connector.web.wiring import services

pages = Blueprint("connect", __name__)


@pages.get("/")
@anybody("it is where one signs in")
def start_page() -> ResponseReturnValue:
    """Show the CRMs to connect; who is signed in goes to the step that waits, or else to their connection."""
    user = session.user_or_none()
    found = steps.setup(services(), user.tenant_id) if user else None
    if found is not None and found.home is not None:
        return redirect(address_of(found, found.present or Step.CONNECT))
    # A tenant without a connection is gone, a session may be over: the cookie is worth nothing.
    session.sign_out()
    return render_template("connect.html", crms=connectable(services()))


@pages.get("/account")
@needs(Permission.SEE)
def account() -> ResponseReturnValue:
    """Go to the oldest account."""
    home = first_connection(services(), session.tenant_id())
    return redirect(url_for("connections.show", connection_id=home) if home else url_for("connect.start_page"))


@pages.post("/sign-out")
@anybody("it ends a session and shows nothing")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    session.sign_out()
    return redirect(url_for("connect.start_page"))
