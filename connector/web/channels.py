"""The page Channels: what each channel's leads became, brought and cost; and the same as a file."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.reports.channels import as_csv, channels_page
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("channels", __name__)


@pages.get("/channels")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show the newest figures of every channel."""
    return render_template("channels.html", page=channels_page(services(), tenant_id()))


@pages.get("/channels.csv")
@needs(Permission.SEE)
def export() -> ResponseReturnValue:
    """Give them as a file for a spreadsheet."""
    answer = Response(as_csv(channels_page(services(), tenant_id()).channels), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="channels.csv"'
    return answer
