"""The page API keys: made with scopes, given new secrets, revoked; a secret is shown once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.api import keys
from connector.services.api.keys import MEANINGS, NewKey
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services, settings

pages = Blueprint("api_keys", __name__, url_prefix="/settings/api-keys")


@pages.get("")
@needs(Permission.PROGRAM)
def index() -> ResponseReturnValue:
    """List the keys with what they may do and when they were last used."""
    return _page()


@pages.post("")
@needs(Permission.PROGRAM)
def add() -> ResponseReturnValue:
    """Make a key; its secret is shown by this answer alone."""
    try:
        days = _number("days", "The number of days")
        made = keys.add(services(), tenant_id(), request.form.get("name", ""), request.form.getlist("scope"), days)
    except RejectedInput as refused:
        return _refused(refused)
    return _page(made)


@pages.post("/<uuid:key_id>/secret")
@needs(Permission.PROGRAM)
def rotate(key_id: UUID) -> ResponseReturnValue:
    """Give a key another secret, shown by this answer alone; the former opens for a while."""
    try:
        hours = _number("hours", "The number of hours")
        grace = keys.GRACE if hours is None else timedelta(hours=hours)
        made = keys.rotate(services(), tenant_id(), key_id, grace) or abort(404)
    except RejectedInput as refused:
        return _refused(refused)
    return _page(made)


@pages.post("/<uuid:key_id>/revoke")
@needs(Permission.PROGRAM)
def revoke(key_id: UUID) -> ResponseReturnValue:
    """End a key at once."""
    if not keys.revoke(services(), tenant_id(), key_id):
        abort(404)
    flash("Revoked. Whoever still uses the key is refused from now on.")
    return redirect(url_for("api_keys.index"))


def _number(field: str, called: str) -> int | None:
    text = request.form.get(field, "").strip()
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise RejectedInput(f"{called} must be a whole number.")
    return int(text)


def _page(shown: NewKey | None = None) -> ResponseReturnValue:
    return render_template(
        "api_keys.html",
        keys=keys.of_tenant(services(), tenant_id()),
        meanings=MEANINGS,
        now=services().clock.now(),
        shown=shown,
        public_url=settings().public_url,
    )


def _refused(error: RejectedInput) -> ResponseReturnValue:
    flash(str(error))
    return redirect(url_for("api_keys.index"))
