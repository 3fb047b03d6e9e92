"""One lead: its score with the reasons, and what happened with it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.feedback.reasons import BY_HAND, DOWN, LEFT_OUT, UP
from connector.services.reports.changes import lead_changes
from connector.services.reports.ended import ended_lead
from connector.services.reports.lead import lead_report
from connector.services.reports.supposing import ROWS, suppose_page
from connector.web.charts import lead_waterfall
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services
from connector.web.words import KINDS

pages = Blueprint("leads", __name__, url_prefix="/leads")


@pages.get("/<int:lead_id>")
@needs(Permission.SEE)
def show(lead_id: int) -> ResponseReturnValue:
    """Show why a lead has its score, and what happened with it."""
    report = lead_report(services(), tenant_id(), lead_id)
    if report is None:
        ended = ended_lead(services(), tenant_id(), lead_id) or abort(404)
        return render_template("gone.html", ended=ended), 410
    words = {"thumbs_up": UP, "thumbs_down": DOWN, "thumb_reasons": {**UP, **DOWN}, "left_out": LEFT_OUT}
    return render_template("lead.html", report=report, by_hand=BY_HAND, **words)


@pages.get("/<int:lead_id>/waterfall.svg")
@needs(Permission.SEE)
def waterfall(lead_id: int) -> ResponseReturnValue:
    """Give the picture of a lead's score alone."""
    report = lead_report(services(), tenant_id(), lead_id)
    if report is None or report.score is None:
        abort(404)
    return Response(lead_waterfall(report.score), mimetype="image/svg+xml")


@pages.get("/<int:lead_id>/changes/<int:seq>")
@needs(Permission.SEE)
def changes(lead_id: int, seq: int) -> ResponseReturnValue:
    """Show what changed between the score of a ledger entry and the one before it."""
    report = lead_changes(services(), tenant_id(), lead_id, seq) or abort(404)
    return render_template("changes.html", report=report)


@pages.get("/<int:lead_id>/what-if")
@needs(Permission.SEE)
def ask(lead_id: int) -> ResponseReturnValue:
    """Show the form of "what if"."""
    page = suppose_page(services(), tenant_id(), lead_id, None) or abort(404)
    return render_template("whatif.html", page=page, rows=ROWS, kinds=KINDS)


@pages.post("/<int:lead_id>/what-if")
@needs(Permission.SEE)
def suppose(lead_id: int) -> ResponseReturnValue:
    """Show what the model would make of the lead with other values, or had it done more."""
    page = suppose_page(services(), tenant_id(), lead_id, request.form) or abort(404)
    return render_template("whatif.html", page=page, rows=ROWS, kinds=KINDS, asked=request.form)
