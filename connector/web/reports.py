"""The page Reports: those of each month and quarter to read, to download, to have made now, and to sign off."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission, allows
from connector.services.periodic import asking, making, signing
from connector.services.periodic.sending import file_name
from connector.services.reports.periodic import ReportPage, report_page, reports_page
from connector.web import session
from connector.web.guard import needs, require
from connector.web.session import tenant_id
from connector.web.wiring import services
from scoring import cards

pages = Blueprint("reports", __name__, url_prefix="/reports")

OPEN_TO_ALL = ("value",)
"""Kinds that everybody may read; the others tell of people's acts and of cost."""


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """List the reports, and when the next ones come."""
    kinds = making.KINDS if allows(session.user().role, Permission.REVIEW) else OPEN_TO_ALL
    page = reports_page(services(), tenant_id(), kinds)
    return render_template("reports.html", page=page, kinds={name: making.KINDS[name] for name in kinds})


@pages.post("/make")
@needs(Permission.REVIEW)
def make() -> ResponseReturnValue:
    """Have reports of the running periods made, as far as these are over."""
    asking.ask(services(), tenant_id())
    flash("The reports of the time so far are made within a minute or so. Load this page again then.")
    return redirect(url_for("reports.index"))


@pages.get("/<uuid:report_id>")
@needs(Permission.SEE)
def show(report_id: UUID) -> ResponseReturnValue:
    """Show one report."""
    page = _page(report_id)
    made = Markup(page.contents.body)  # noqa: S704 # the builder of the HTML escapes its texts
    return render_template("report.html", page=page, body=made, longest=signing.LONGEST)


@pages.get("/<uuid:report_id>/report.pdf")
@needs(Permission.SEE)
def pdf(report_id: UUID) -> ResponseReturnValue:
    """Give a report as PDF."""
    page = _page(report_id)
    return _file(page, "pdf", page.contents.pdf, "application/pdf")


@pages.get("/<uuid:report_id>/report.html")
@needs(Permission.SEE)
def html(report_id: UUID) -> ResponseReturnValue:
    """Give a report as a file that needs nothing else."""
    page = _page(report_id)
    return _file(page, "html", cards.standalone(page.report.title, page.contents.body).encode(), "text/html")


@pages.post("/<uuid:report_id>/sign")
@needs(Permission.REVIEW)
def sign(report_id: UUID) -> ResponseReturnValue:
    """Sign a report off, with a remark."""
    try:
        done = signing.sign(services(), tenant_id(), report_id, session.asker(), request.form.get("remark", ""))
    except RejectedInput as refused:
        flash(str(refused))
    else:
        flash("Signed off. It is on the record.") if done else abort(404)
    return redirect(url_for("reports.show", report_id=report_id))


def _page(report_id: UUID) -> ReportPage:
    page = report_page(services(), tenant_id(), report_id) or abort(404)
    if page.report.kind not in OPEN_TO_ALL:
        require(Permission.REVIEW)
    return page


def _file(page: ReportPage, form: str, contents: bytes, kind: str) -> Response:
    answer = Response(contents, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{file_name(page.report, form)}"'
    return answer
