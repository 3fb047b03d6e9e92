"""What a person may ask for, on the page of their lead: what is held, no more profiling, to be forgotten."""

from __future__ import annotations

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.privacy import erasing
from connector.services.privacy.held import as_text, held_of
from connector.services.privacy.objecting import allow_profiling, object_to_profiling
from connector.web.guard import needs
from connector.web.session import asker, tenant_id
from connector.web.wiring import services

pages = Blueprint("privacy", __name__, url_prefix="/leads/<int:lead_id>")


@pages.post("/held")
@needs(Permission.ANSWER)
def held(lead_id: int) -> ResponseReturnValue:
    """Give everything that is held of the person as a file. Not by GET: that it was given out is on the record."""
    told = held_of(services(), tenant_id(), lead_id, asker()) or abort(404)
    name = f'attachment; filename="lead-{lead_id}.json"'
    return Response(as_text(told), mimetype="application/json", headers={"Content-Disposition": name})


@pages.post("/object")
@needs(Permission.ANSWER)
def object_to(lead_id: int) -> ResponseReturnValue:
    """Profile the person no more; their values leave the CRM unless they are to stay."""
    clear = request.form.get("values") != "keep"
    if not object_to_profiling(services(), tenant_id(), lead_id, asker(), clear=clear):
        abort(404)
    flash("The person is not scored any more, and no model learns from them.")
    return redirect(url_for("leads.show", lead_id=lead_id))


@pages.post("/allow")
@needs(Permission.ANSWER)
def allow(lead_id: int) -> ResponseReturnValue:
    """Note that the person may be profiled again."""
    if not allow_profiling(services(), tenant_id(), lead_id, asker()):
        abort(404)
    flash("The person is scored again by the refresh that begins now.")
    return redirect(url_for("leads.show", lead_id=lead_id))


@pages.post("/erase")
@needs(Permission.ANSWER)
def erase(lead_id: int) -> ResponseReturnValue:
    """Forget the person everywhere."""
    if erasing.ask_for_lead(services(), tenant_id(), lead_id, asker()) is None:
        abort(404)
    flash("The person is being forgotten, which takes about a minute. Nothing that comes late brings them back.")
    return redirect(url_for("lead_list.index"))
