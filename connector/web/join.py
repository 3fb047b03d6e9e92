"""The page behind an invitation's link: come in through the CRM, or by the link alone."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from connector.services.access import inviting
from connector.services.reports.connecting import connectable
from connector.web import session
from connector.web.guard import anybody
from connector.web.wiring import services

pages = Blueprint("join", __name__, url_prefix="/join/<token>")


@pages.get("")
@anybody("whoever holds an invitation is not signed in yet; looking at it spends nothing")
def show(token: str) -> ResponseReturnValue:
    """Show an invitation. Programs that look at links before people do can't spend it."""
    welcome = inviting.welcome(services(), token)
    crms = [crm for crm in connectable(services()) if crm.vendor in welcome.vendors]
    return render_template("join.html", welcome=welcome, crms=crms, token=token)


@pages.post("")
@anybody("the link's secret stands for the person, once")
def accept(token: str) -> ResponseReturnValue:
    """Come in by the link alone."""
    session.sign_in(inviting.accept(services(), token))
    return redirect(url_for("connect.start_page"))
