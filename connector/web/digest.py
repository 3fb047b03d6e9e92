"""The page Digest: who is told of the week and of alerts, and what they would read now."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.digest import addresses
from connector.services.digest.addresses import Kind
from connector.services.reports.digest import digest_page
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("digest", __name__, url_prefix="/digest")


@pages.get("")
@needs(Permission.TELL)
def index() -> ResponseReturnValue:
    """List the addresses, with what went wrong at each, and show the message."""
    return render_template("digest.html", page=digest_page(services(), tenant_id()))


@pages.post("")
@needs(Permission.TELL)
def add() -> ResponseReturnValue:
    """Put an address on the list."""
    try:
        kind, whose = Kind(request.form.get("kind", Kind.EMAIL)), request.form.get("user") or None
        user_id = UUID(whose) if whose else None
    except ValueError:
        return _said("Choose how the address is told, and whose it is, from the lists.")
    try:
        addresses.add(services(), tenant_id(), kind, request.form.get("address", ""), user_id)
    except RejectedInput as refused:
        return _said(str(refused))
    return _said("On the list. The newest figures and what is open now go there within a minute or so.")


@pages.post("/<uuid:recipient_id>/remove")
@needs(Permission.TELL)
def remove(recipient_id: UUID) -> ResponseReturnValue:
    """Take an address off the list."""
    done = addresses.remove(services(), tenant_id(), recipient_id)
    return _said("Taken off the list, and forgotten.") if done else abort(404)


def _said(sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for("digest.index"))
