"""What people say of scores: on the page of a lead, and all of it on the page Feedback."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.feedback import excluding, overriding, rating, uploading
from connector.services.feedback.excluding import Wish
from connector.services.feedback.rating import Thumb
from connector.services.feedback.reasons import BY_HAND, DOWN, LEFT_OUT, UP
from connector.services.reports.feedback import feedback_report
from connector.services.reports.said import is_lead
from connector.store.exclusions import Kind
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("feedback", __name__)


@pages.get("/feedback")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """Show what was said, whether it was right, what is set by hand, and who is left out."""
    report = feedback_report(services(), tenant_id())
    return render_template("feedback.html", report=report, down=DOWN, left_out=LEFT_OUT, by_hand=BY_HAND)


@pages.post("/leads/<int:lead_id>/feedback")
@needs(Permission.RATE)
def rate(lead_id: int) -> ResponseReturnValue:
    """Keep a thumb; the reason is sent as ``up:…`` or ``down:…``."""
    _require_own(lead_id)
    thumb, _, reason = request.form.get("reason", "").partition(":")
    try:
        if thumb not in ("up", "down"):
            raise RejectedInput(f"Choose a reason: {', '.join((*UP, *DOWN))}.")
        rating.rate(services(), tenant_id(), lead_id, Thumb(thumb == "up", reason, request.form.get("note")))
        flash("Thank you. Kept as you said it, without names and addresses.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("leads.show", lead_id=lead_id, _anchor="feedback"))


@pages.post("/leads/<int:lead_id>/override")
@needs(Permission.OVERRIDE)
def override(lead_id: int) -> ResponseReturnValue:
    """Set a lead's score by hand."""
    _require_own(lead_id)
    try:
        overriding.set_by_hand(services(), tenant_id(), lead_id, overriding.read_wish(request.form))
        flash("Set. The CRM is told within seconds; the model goes on scoring, and its score comes back on release.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("leads.show", lead_id=lead_id, _anchor="feedback"))


@pages.post("/leads/<int:lead_id>/release")
@needs(Permission.OVERRIDE)
def release(lead_id: int) -> ResponseReturnValue:
    """Let the model's score be told again."""
    _require_own(lead_id)
    if overriding.release(services(), tenant_id(), lead_id):
        flash("Released. The model's score is being written.")
    else:
        flash("Nobody had set another score.")
    return redirect(url_for("leads.show", lead_id=lead_id, _anchor="feedback"))


@pages.post("/leads/<int:lead_id>/exclude")
@needs(Permission.EXCLUDE)
def exclude_lead(lead_id: int) -> ResponseReturnValue:
    """Leave a lead out."""
    _require_own(lead_id)
    wish = Wish(Kind.LEAD, request.form.get("reason", ""), lead_id=lead_id, note=request.form.get("note"))
    _excluded(wish)
    return redirect(url_for("leads.show", lead_id=lead_id, _anchor="feedback"))


@pages.post("/feedback/exclusions")
@needs(Permission.EXCLUDE)
def exclude() -> ResponseReturnValue:
    """Leave a domain or a company out."""
    kind = request.form.get("kind", "")
    if kind not in (Kind.DOMAIN, Kind.COMPANY):
        abort(400)
    value, reason = request.form.get("value", ""), request.form.get("reason", "")
    _excluded(Wish(Kind(kind), reason, **{kind: value}, note=request.form.get("note")))  # type: ignore[arg-type]
    return redirect(url_for("feedback.index", _anchor="exclusions"))


def _require_own(lead_id: int) -> None:
    if not is_lead(services(), tenant_id(), lead_id):
        abort(404)


def _excluded(wish: Wish) -> None:
    try:
        excluding.exclude(services(), tenant_id(), wish)
        flash(
            "Left out. Their scores are gone here; what the CRM holds of them is dealt with as your organisation chose."
        )
    except RejectedInput as refused:
        flash(str(refused))


@pages.post("/feedback/exclusions/<uuid:exclusion_id>/end")
@needs(Permission.EXCLUDE)
def include(exclusion_id: UUID) -> ResponseReturnValue:
    """Take an exclusion back."""
    if not excluding.end(services(), tenant_id(), exclusion_id):
        abort(404)
    flash("They are scored again by the refresh that begins now.")
    return redirect(url_for("feedback.index", _anchor="exclusions"))


@pages.post("/feedback/exclusions/file")
@needs(Permission.EXCLUDE)
def upload() -> ResponseReturnValue:
    """Take in a file of exclusions; each line that is not taken is named."""
    given = request.files.get("file")
    try:
        flash(uploading.upload(services(), tenant_id(), given.read() if given else b"").sentence)
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("feedback.index", _anchor="exclusions"))


@pages.post("/feedback/exclusions/values")
@needs(Permission.EXCLUDE)
def choose() -> ResponseReturnValue:
    """Say what becomes of values in the CRM."""
    try:
        excluding.choose(services(), tenant_id(), request.form.get("values", ""))
        flash("Chosen. It counts for whoever is left out from now on.")
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("feedback.index", _anchor="exclusions"))
