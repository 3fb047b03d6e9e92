"""The page Webhooks: where the organisation's own systems are told of changed tiers; a secret is shown once."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.webhooks_out import endpoints
from connector.services.webhooks_out.endpoints import GRACE, NewSecret
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

_GRACE_HOURS = GRACE // timedelta(hours=1)
pages = Blueprint("webhooks_out", __name__, url_prefix="/settings/webhooks")


@pages.get("")
@needs(Permission.PROGRAM)
def index() -> ResponseReturnValue:
    """List the addresses with what waits for them and what failed last."""
    return _page()


@pages.post("")
@needs(Permission.PROGRAM)
def add() -> ResponseReturnValue:
    """Add an address; its secret is shown by this answer alone."""
    try:
        return _page(endpoints.add(services(), tenant_id(), request.form.get("url", "")))
    except RejectedInput as refused:
        return _said(str(refused))


@pages.post("/<uuid:endpoint_id>/secret")
@needs(Permission.PROGRAM)
def renew_secret(endpoint_id: UUID) -> ResponseReturnValue:
    """Sign with another secret, shown by this answer alone; the one before signs as well for a day."""
    return _page(endpoints.renew_secret(services(), tenant_id(), endpoint_id) or abort(404))


@pages.post("/<uuid:endpoint_id>/former-secret/end")
@needs(Permission.PROGRAM)
def end_former_secret(endpoint_id: UUID) -> ResponseReturnValue:
    """Sign with the newest secret alone."""
    done = endpoints.end_former_secret(services(), tenant_id(), endpoint_id)
    return _said("Messages are signed with the newest secret alone from now on.") if done else abort(404)


@pages.post("/<uuid:endpoint_id>/pause")
@needs(Permission.PROGRAM)
def pause(endpoint_id: UUID) -> ResponseReturnValue:
    """Send nothing there until it is resumed."""
    done = endpoints.pause(services(), tenant_id(), endpoint_id)
    return _said("Paused. Messages wait for up to 30 days.") if done else abort(404)


@pages.post("/<uuid:endpoint_id>/resume")
@needs(Permission.PROGRAM)
def resume(endpoint_id: UUID) -> ResponseReturnValue:
    """Send there again."""
    done = endpoints.resume(services(), tenant_id(), endpoint_id)
    return _said("Resumed. What waits is sent within a minute or so.") if done else abort(404)


@pages.post("/<uuid:endpoint_id>/remove")
@needs(Permission.PROGRAM)
def remove(endpoint_id: UUID) -> ResponseReturnValue:
    """Forget an address with its secret and what waits."""
    done = endpoints.remove(services(), tenant_id(), endpoint_id)
    return _said("Removed, with its secret and what waited for it.") if done else abort(404)


@pages.post("/<uuid:endpoint_id>/replay")
@needs(Permission.PROGRAM)
def replay(endpoint_id: UUID) -> ResponseReturnValue:
    """Send again what was given up."""
    number = endpoints.replay(services(), tenant_id(), endpoint_id)
    return abort(404) if number is None else _said(f"{number} messages are sent again within a minute or so.")


@pages.post("/<uuid:endpoint_id>/test")
@needs(Permission.PROGRAM)
def send_test(endpoint_id: UUID) -> ResponseReturnValue:
    """Send a message that is about nobody."""
    done = endpoints.send_test(services(), tenant_id(), endpoint_id)
    return _said("A test is sent within a minute or so. This page tells how it went.") if done else abort(404)


def _page(shown: NewSecret | None = None) -> ResponseReturnValue:
    found = endpoints.overview(services(), tenant_id())
    now = services().clock.now()
    return render_template("webhooks_out.html", found=found, shown=shown, now=now, grace_hours=_GRACE_HOURS)


def _said(sentence: str) -> ResponseReturnValue:
    flash(sentence)
    return redirect(url_for("webhooks_out.index"))
