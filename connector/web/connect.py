"""The start page: connect a CRM, which is also how one signs in."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from connector.services.reports.connecting import connectable
from connector.services.reports.connection import first_connection
from connector.web import session
from connector.web.wiring import services

pages = Blueprint("connect", __name__)


@pages.get("/")
def start_page() -> ResponseReturnValue:
    """Show the CRMs to connect; who is signed in goes to their connection."""
    tenant = session.tenant_or_none()
    home = first_connection(services(), tenant) if tenant else None
    if home is not None:
        return redirect(url_for("connections.show", connection_id=home))
    # A tenant without a connection is gone: its session is worth nothing.
    session.sign_out()
    return render_template("connect.html", crms=connectable(services()))


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session."""
    session.sign_out()
    return redirect(url_for("connect.start_page"))
