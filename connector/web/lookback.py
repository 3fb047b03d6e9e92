"""The page that asks whether the newest wins and losses would have been found."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.reports.lookback import lookback_page
from connector.services.setup.steps import setup
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("lookback", __name__, url_prefix="/lookback")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show where they stood 60, 30 and 7 days before they ended."""
    tenant = tenant_id()
    return render_template("lookback.html", page=lookback_page(services(), tenant), setup=setup(services(), tenant))
