"""The list of leads: filtered, searched, kept as views, taken out as a file, and acts on several leads at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services import bulk_acts, views
from connector.services.access.permissions import Permission
from connector.services.feedback.rating import Thumb
from connector.services.feedback.reasons import DOWN, LEFT_OUT, UP
from connector.services.reports import lead_list
from connector.services.views import DAYS, Asked
from connector.store.lead_list import Place
from connector.web import session
from connector.web.guard import needs
from connector.web.numbers import row_number
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("lead_list", __name__, url_prefix="/leads")

_SCORE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,10})?")
_WORDS = {"thumbs_up": UP, "thumbs_down": DOWN, "left_out": LEFT_OUT, "days": DAYS}


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """List scored leads, the best first unless asked otherwise."""
    asked, after = _asked(request.args), _place()
    page = lead_list.lead_page(services(), tenant_id(), asked, after=after)
    kept = views.of_user(services(), session.user())
    return render_template(
        "leads.html", page=page, asked=asked, fields=asked.fields, first_page=after is None, views=kept, **_WORDS
    )


@pages.post("/search")
@needs(Permission.SEE)
def search() -> ResponseReturnValue:
    """Find leads by name, company or address. Not by GET: an address of a page stands in logs."""
    text = request.form.get("text", "")
    found = lead_list.search(services(), tenant_id(), text)
    if found is None:
        return redirect(url_for("lead_list.index"))
    return render_template("found.html", found=found, text=text, **_WORDS)


@pages.post("/rated")
@needs(Permission.RATE)
def rate() -> ResponseReturnValue:
    """Keep the same thumb on all scores that are ticked; it is sent as ``up:…`` or ``down:…``."""
    thumb, _, reason = request.form.get("thumb", "").partition(":")
    return _said(lambda ids: bulk_acts.rate(services(), tenant_id(), ids, Thumb(thumb == "up", reason)))


@pages.post("/left-out")
@needs(Permission.EXCLUDE)
def leave_out() -> ResponseReturnValue:
    """Leave all leads that are ticked out of scoring."""
    reason = request.form.get("left_out", "")
    return _said(lambda ids: bulk_acts.leave_out(services(), tenant_id(), ids, reason))


@pages.post("/scored-anew")
@needs(Permission.RUN)
def score_again() -> ResponseReturnValue:
    """Have all leads that are ticked scored anew."""
    return _said(lambda ids: bulk_acts.score_again(services(), tenant_id(), ids))


def _said(act: Callable[[list[int]], str]) -> ResponseReturnValue:
    ids = [found for text in request.form.getlist("lead") if (found := row_number(text)) is not None]
    asked = _asked(request.form)
    try:
        flash(act(ids))
    except RejectedInput as refused:
        flash(str(refused))
    return _back_to(asked)


@pages.post("/views")
@needs(Permission.SEE)
def keep() -> ResponseReturnValue:
    """Keep what the list shows under a name, for oneself."""
    asked = _asked(request.form)
    try:
        views.keep(services(), session.user(), request.form.get("name", ""), asked)
        flash("Kept. It stands above the list, for you alone.")
    except RejectedInput as refused:
        flash(str(refused))
    return _back_to(asked)


@pages.post("/views/<uuid:view_id>/remove")
@needs(Permission.SEE)
def remove(view_id: UUID) -> ResponseReturnValue:
    """Forget a view of one's own."""
    if not views.remove(services(), session.user(), view_id):
        abort(404)
    return redirect(url_for("lead_list.index"))


@pages.post("/scores.csv")
@needs(Permission.EXPORT)
def export() -> ResponseReturnValue:
    """Give all scores, or those of a tier and an owner, as a file. Not by GET: taking them out is on the record."""
    asked = _asked(request.form)
    lines = bulk_acts.take_out(services(), tenant_id(), asked.tier, asked.owner)
    headers = {"Content-Disposition": 'attachment; filename="scores.csv"'}
    return Response(lines, headers=headers, content_type="text/csv; charset=utf-8")


def _back_to(asked: Asked) -> ResponseReturnValue:
    fields: dict[str, Any] = asked.fields
    return redirect(url_for("lead_list.index", **fields))


def _asked(form: Mapping[str, Any]) -> Asked:
    try:
        return views.read(form)
    except RejectedInput:
        abort(404)


def _place() -> Place | None:
    """Read ``after=<score>~<lead id>``, as the "next" link writes it."""
    text = request.args.get("after")
    if not text:
        return None
    score, _, number = text.partition("~")
    lead_id = row_number(number)
    if lead_id is None or not _SCORE.fullmatch(score):
        abort(404)
    return Decimal(score), lead_id
