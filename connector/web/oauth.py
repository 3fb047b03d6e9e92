"""Installation by the CRM's own OAuth, which signs in whoever went through it."""

from __future__ import annotations

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services import install
from connector.services.access.permissions import Permission
from connector.services.opening import app_of
from connector.services.reports.connecting import connectable
from connector.web import session
from connector.web.guard import anybody, require
from connector.web.wiring import services

pages = Blueprint("oauth", __name__, url_prefix="/oauth")

_ERROR_WORD = re.compile(r"[a-z_]{1,40}")
"""RFC 6749 §4.1.2.1; the free text beside it is anyone's and is never shown."""


@pages.post("/<vendor>/start")
@anybody("it is how one signs in; who is signed in needs the permission to connect")
def start(vendor: str) -> ResponseReturnValue:
    """Send the browser to the vendor's consent page."""
    login = request.form.get("own_login", "").strip() or request.form.get("login") or None
    invitation = request.form.get("invitation") or None
    user = None if invitation else session.user_or_none()
    if user is not None:
        require(Permission.CONNECT)
    by = (user.tenant_id, user.id) if user else (None, None)
    browser = session.browser_id()
    return redirect(install.begin(services(), vendor, browser, by[0], login, user_id=by[1], invitation=invitation))


@pages.get("/<vendor>/callback")
@anybody("it is how one signs in; the state proves which browser began it")
def callback(vendor: str) -> ResponseReturnValue:
    """Finish an installation, sign in and show the first run.

    What began on a CRM's marketplace may come with a code alone. It proves no browser, so it is not used.
    """
    app = app_of(services(), vendor)
    if "error" in request.args:
        return _declined(app.capabilities.label, request.args["error"])
    if request.args.get("code") and "state" not in request.args:
        return _begun_elsewhere(vendor)
    state, code, browser = request.args.get("state"), request.args.get("code"), session.known_browser_id()
    if not (state and code and browser):
        raise RejectedInput("The answer of the CRM is incomplete, or it came to another browser.")
    installed = install.complete(services(), vendor, browser, state, code)
    if installed.token is not None:
        session.sign_in(installed.token)
    return redirect(url_for("connections.show", connection_id=installed.connection_id))


def _begun_elsewhere(vendor: str) -> ResponseReturnValue:
    crm = next(crm for crm in connectable(services()) if crm.vendor == vendor)
    return render_template("finish.html", crm=crm)


def _declined(label: str, error: str) -> ResponseReturnValue:
    if error == "access_denied":
        return render_template("denied.html", label=label), 403
    word = error if _ERROR_WORD.fullmatch(error) else "an error"
    raise RejectedInput(f"{label} ended the installation with {word}. Nothing was stored.")
