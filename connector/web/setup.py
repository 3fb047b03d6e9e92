"""The way from one step of setting up to the next."""

from __future__ import annotations

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from connector.errors import RejectedInput
from connector.services.access.permissions import Permission
from connector.services.setup import steps
from connector.services.setup.steps import Setup, Step, StepState
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("setup", __name__, url_prefix="/setup")

_PAGES = {
    Step.FIRST_RUN: "readiness.show",
    Step.GOAL: "goal.show",
    Step.FOUND: "lookback.show",
    Step.WRITTEN: "publication.show",
    Step.GO: "publication.go",
}


def address_of(setup: Setup, step: Step) -> str:
    """Return where a step is: until the first run is over, its progress stands on the account's page."""
    if step is Step.CONNECT or (step is Step.FIRST_RUN and setup.live):
        return url_for("connections.show", connection_id=setup.home) if setup.home else url_for("connect.start_page")
    return url_for(_PAGES[step])


def after(setup: Setup, step: Step) -> StepState | None:
    """Return the step that follows, None after the last one."""
    places = [one.step for one in setup.steps]
    return next(iter(setup.steps[places.index(step) + 1 :]), None)


@pages.post("")
@needs(Permission.PUBLISH)
def go_through() -> ResponseReturnValue:
    """Note that a step was gone through, and show the next one."""
    step = request.form.get("step", "")
    if step not in steps.WALKED:
        abort(404)
    tenant = tenant_id()
    try:
        steps.go_through(services(), tenant, Step(step))
    except RejectedInput as refused:
        flash(str(refused))
    setup = steps.setup(services(), tenant)
    following = after(setup, Step(step))
    return redirect(address_of(setup, following.step if following else Step.GO))


GLOBALS = {"address_of_step": address_of, "step_after": after}
"""What the templates call."""
