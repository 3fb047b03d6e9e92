"""The page Sync health, and the banner on every page where an account needs somebody."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Flask, render_template
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.opening import called
from connector.services.reports.sync import sync_page, troubled
from connector.store.connections import CrmConnection
from connector.store.session import UNAVAILABLE
from connector.web import session
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("sync", __name__, url_prefix="/sync")


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """Show how each account is."""
    return render_template("sync.html", page=sync_page(services(), tenant_id()))


def register(app: Flask) -> None:
    """Let every page ask which accounts need somebody, and what an account is called."""
    app.jinja_env.globals.update(needing=_needing, called=lambda account: called(services(), account))


def _needing() -> Sequence[CrmConnection]:
    try:
        user = session.user_or_none()
        return troubled(services(), user.tenant_id) if user else ()
    except UNAVAILABLE:
        # The page that says so must be shown all the same.
        return ()
