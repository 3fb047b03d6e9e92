"""The page Access: who may use these pages, as what; invitations to them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.records import Role
from connector.services.access import inviting, users
from connector.services.access.permissions import LEAST, Permission, allows, at_least
from connector.web import session
from connector.web.guard import needs
from connector.web.wiring import services, settings

pages = Blueprint("access", __name__, url_prefix="/access")


@pages.get("")
@needs(Permission.ADMIT)
def index() -> ResponseReturnValue:
    """List who has access and who is invited, and say what each role may do."""
    return _page()


@pages.post("/invitations")
@needs(Permission.ADMIT)
def invite() -> ResponseReturnValue:
    """Make an invitation; its link is shown by this answer alone."""
    try:
        made, token = inviting.invite(services(), session.user(), request.form.get("name", ""), _role())
    except RejectedInput as refused:
        return _said(str(refused))
    link = settings().public_url + url_for("join.show", token=token)
    return _page(made.name, link)


@pages.post("/invitations/<uuid:invitation_id>/withdraw")
@needs(Permission.ADMIT)
def withdraw(invitation_id: UUID) -> ResponseReturnValue:
    """Make an invitation worthless."""
    if not inviting.withdraw(services(), session.tenant_id(), invitation_id):
        abort(404)
    return _said("Withdrawn. Its link opens nothing any more.")


@pages.post("/users/<uuid:user_id>")
@needs(Permission.ADMIT)
def change(user_id: UUID) -> ResponseReturnValue:
    """Give somebody another name or role."""
    if users.find(services(), session.tenant_id(), user_id) is None:
        abort(404)
    try:
        if not users.change(services(), session.user(), user_id, request.form.get("name", ""), _role()):
            abort(404)
    except RejectedInput as refused:
        return _said(str(refused))
    return _said("Saved. It holds from now on.")


@pages.post("/users/<uuid:user_id>/remove")
@needs(Permission.ADMIT)
def remove(user_id: UUID) -> ResponseReturnValue:
    """Remove somebody; whatever sessions they have end at once."""
    try:
        if not users.remove(services(), session.user(), user_id):
            abort(404)
    except RejectedInput as refused:
        return _said(str(refused))
    return _said("Removed. They are signed out everywhere.")


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        raise RejectedInput("Choose one of the roles.") from None


def _page(invited: str = "", link: str = "") -> ResponseReturnValue:
    own = session.user()
    return render_template(
        "access.html",
        roster=users.roster(services(), own.tenant_id),
        own=own,
        givable=[role for role in Role if at_least(own.role, role)],
        table=[(permission, [allows(role, permission) for role in Role]) for permission in LEAST],
        roles=list(Role),
        invited=invited,
        link=link,
    )


def _said(message: str) -> ResponseReturnValue:
    flash(message)
    # Who gave up or lost the right to see the list has no page to go back to.
    return redirect(url_for("access.index" if _still_admits() else "connect.start_page"))


def _still_admits() -> bool:
    own = session.user()
    found = users.find(services(), own.tenant_id, own.id)
    return found is not None and allows(found.role, Permission.ADMIT)
