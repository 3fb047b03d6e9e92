"""The page Audit: the ledger, looked through, verified, and taken out as a file."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services import ledgers
from connector.services.access.permissions import Permission
from connector.services.audit import checking, exporting
from connector.services.audit.trail import KINDS, Wanted, read_wanted, trail_page
from connector.web.guard import needs
from connector.web.numbers import row_number
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("audit", __name__, url_prefix="/audit")

_FIELDS = ("kind", "who", "lead", "since", "until", "connection")


@pages.get("")
@needs(Permission.AUDIT)
def index() -> ResponseReturnValue:
    """Show entries, the newest first, and when the chain was verified last."""
    refused, wanted, before = "", Wanted(), _before()
    try:
        wanted = read_wanted(request.args)
    except RejectedInput as error:
        refused = str(error)
    page = trail_page(services(), tenant_id(), wanted, before)
    found = page.check.found
    return render_template(
        "audit.html",
        page=page,
        kinds=KINDS,
        asked={name: request.args[name] for name in _FIELDS if request.args.get(name)},
        refused=refused,
        complaint=ledgers.complaint(found, tenant_id()) if found else None,
        first_page=before is None,
    )


@pages.post("/verify")
@needs(Permission.AUDIT)
def verify() -> ResponseReturnValue:
    """Have the whole chain recomputed."""
    checking.ask(services(), tenant_id())
    flash("The whole chain is being recomputed, which begins within a minute. Load this page again then.")
    return redirect(url_for("audit.index"))


@pages.post("/ledger.csv")
@needs(Permission.AUDIT)
def export() -> ResponseReturnValue:
    """Give what the filter shows as a file. Not by GET: that it was taken out is on the record."""
    try:
        wanted = read_wanted(request.form)
    except RejectedInput as refused:
        flash(str(refused))
        return redirect(url_for("audit.index"))
    lines = exporting.as_csv(services(), tenant_id(), wanted)
    headers = {"Content-Disposition": 'attachment; filename="ledger.csv"'}
    return Response(lines, headers=headers, content_type="text/csv; charset=utf-8")


def _before() -> int | None:
    text = request.args.get("before")
    if not text:
        return None
    found = row_number(text)
    return abort(404) if found is None else found
