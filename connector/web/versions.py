"""The page Versions: which model scores, what became of each, and a person's word on them."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.champions import choosing, setting, trying
from connector.services.reports.versions import versions_report
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("versions", __name__, url_prefix="/model/versions")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show all versions, newest first."""
    report = versions_report(services(), tenant_id())
    return render_template("versions.html", report=report, cadences=setting.CADENCES)


@pages.post("/settings")
@needs(Permission.REPLACE)
def choose() -> ResponseReturnValue:
    """Save how often a model is trained, and when a person is asked."""
    tenant = tenant_id()
    return _said(
        lambda: setting.choose(services(), tenant, setting.read_cadence(request.form)), "Saved. It holds from now on."
    )


@pages.post("/rollback")
@needs(Permission.REPLACE)
def roll_back() -> ResponseReturnValue:
    """Bring the former model and its scores back."""
    tenant = tenant_id()
    message = "Rolled back. The scores of before are on their way to your CRM."
    return _said(lambda: choosing.roll_back(services(), tenant), message)


@pages.post("/<version>/approve")
@needs(Permission.REPLACE)
def approve(version: str) -> ResponseReturnValue:
    """Let a model that waits score."""
    tenant = _owner(version)
    return _said(lambda: choosing.approve(services(), tenant, version), "Approved. Everybody is scored by it now.")


@pages.post("/<version>/refuse")
@needs(Permission.REPLACE)
def refuse(version: str) -> ResponseReturnValue:
    """Say no to a model that waits."""
    tenant = _owner(version)
    return _said(lambda: choosing.refuse(services(), tenant, version), "Refused. The former model goes on scoring.")


@pages.post("/<version>/try")
@needs(Permission.REPLACE)
def begin_trial(version: str) -> ResponseReturnValue:
    """Let a model that waits score a share of the companies for some days."""
    tenant = _owner(version)
    return _said(
        lambda: trying.begin(services(), tenant, version, trying.read_canary(request.form)),
        "Begun. The share of the companies that was drawn is scored by it now.",
    )


@pages.post("/trial/promote")
@needs(Permission.REPLACE)
def promote() -> ResponseReturnValue:
    """Let the model that is tried score everybody."""
    tenant = tenant_id()
    return _said(lambda: trying.promote(services(), tenant), "Promoted. Everybody is scored by it now.")


@pages.post("/trial/withdraw")
@needs(Permission.REPLACE)
def withdraw() -> ResponseReturnValue:
    """Take the model that is tried back."""
    tenant = tenant_id()
    message = "Withdrawn. The scores of before are on their way to your CRM."
    return _said(lambda: trying.withdraw(services(), tenant), message)


def _owner(version: str) -> UUID:
    """Return the signed-in tenant, whose model it must be: anyone else's is not there."""
    tenant = tenant_id()
    return tenant if choosing.owns(services(), tenant, version) else abort(404)


def _said(act: Callable[[], object], message: str) -> ResponseReturnValue:
    """Do what was asked for and say so, or say why it was not done."""
    try:
        act()
        flash(message)
    except RejectedInput as refused:
        flash(str(refused))
    return redirect(url_for("versions.show"))
