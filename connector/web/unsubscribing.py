"""Where a recipient of messages takes itself off the list: by a button, or by its mail program (RFC 8058)."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from connector.services import acts
from connector.services.digest import addresses
from connector.web.guard import anybody
from connector.web.wiring import services

endpoint = Blueprint("unsubscribing", __name__, url_prefix="/unsubscribe")

_WHO = "whoever reads the messages (the link to unsubscribe)"
_WHY = "the address is keyed: only who got a message knows it"


@endpoint.get("/<key>")
@anybody(_WHY)
def ask(key: str) -> ResponseReturnValue:
    """Ask first: programs that look at links in messages must not end anything."""
    _whose(key)
    return render_template("unsubscribe.html", done=False)


@endpoint.post("/<key>")
@anybody(_WHY)
def leave(key: str) -> ResponseReturnValue:
    """Take the address off the list; that it is gone already is just as well."""
    tenant_id, recipient_id = _whose(key)
    with acts.asked_by(_WHO):
        addresses.remove(services(), tenant_id, recipient_id)
    return render_template("unsubscribe.html", done=True)


def _whose(key: str) -> tuple[UUID, UUID]:
    return services().hooks.unsubscribing(key) or abort(404)
