"""The page Enrichment: other sources of facts about companies, each off until somebody turns it on."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from connector.adapters.enrichment.generic import HttpSettings, read_settings
from connector.adapters.enrichment.registry import HTTP
from connector.errors import ConnectorError, RejectedInput
from connector.services.access.permissions import Permission
from connector.services.enrichment import files, sources
from connector.services.enrichment.sources import Budget
from connector.services.enrichment.uploading import Uploaded, upload
from connector.services.publication import read_number
from connector.services.reports.enrichment import source_reports
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("enrichment", __name__, url_prefix="/enrichment")
_FORM_BYTES = 64 * 1024


def register(app: Flask) -> None:
    """Let files be larger than other forms. To be called before anything reads a form."""

    @app.before_request
    def _larger() -> None:
        if request.endpoint == "enrichment.take":
            request.max_content_length = files.LARGEST + _FORM_BYTES


@pages.get("")
@needs(Permission.ENRICH)
def index() -> ResponseReturnValue:
    """Show the sources, what they cost and what they told."""
    return _page()


@pages.post("/on")
@needs(Permission.ENRICH)
def turn_on() -> ResponseReturnValue:
    """Opt in to a source, or change how it is asked."""
    tenant, form = tenant_id(), request.form

    def act() -> None:
        plain = Budget()
        budget = Budget(
            _number("daily", "The questions a day", plain.daily),
            _number("monthly", "The questions a month", plain.monthly),
            _number("fresh_days", "The days for which an answer is good", plain.fresh_days),
        )
        settings = _described() if form.get("source") == HTTP else None
        key = form.get("key", "").strip()
        sources.turn_on(services(), tenant, form.get("source", ""), budget, key=key, settings=settings)

    return _said(act, "Turned on.")


@pages.post("/off")
@needs(Permission.ENRICH)
def turn_off() -> ResponseReturnValue:
    """Use a source no longer."""
    tenant, name = tenant_id(), request.form.get("source", "")
    return _said(
        lambda: sources.turn_off(services(), tenant, name), "Turned off. What it told is used no longer, and kept."
    )


@pages.post("/forget")
@needs(Permission.ENRICH)
def forget() -> ResponseReturnValue:
    """Delete a source with all that it told."""
    tenant, name = tenant_id(), request.form.get("source", "")
    return _said(
        lambda: sources.forget(services(), tenant, name), "Deleted: its settings, its key and all that it told."
    )


@pages.post("/again")
@needs(Permission.ENRICH)
def try_again() -> ResponseReturnValue:
    """Ask a source again, once its trouble is mended."""
    tenant, name = tenant_id(), request.form.get("source", "")
    return _said(lambda: sources.try_again(services(), tenant, name), "It is asked again within a minute or so.")


@pages.post("/files")
@needs(Permission.ENRICH)
def take() -> ResponseReturnValue:
    """Take in a file; the answer says what became of each line."""
    tenant, given = tenant_id(), request.files.get("file")
    content = given.read() if given else b""
    if not content:
        flash("Choose a file that is not empty.")
        return redirect(url_for("enrichment.index"))
    try:
        done = upload(services(), tenant, content, request.form.get("mapping", ""))
    except RejectedInput as refused:
        flash(str(refused))
        return redirect(url_for("enrichment.index"))
    return _page(done)


def _described() -> HttpSettings:
    given = {name: request.form.get(name, "").strip() for name in ("label", "url", "header", "prefix", "as_of")}
    mapping = request.form.get("mapping", "")
    return read_settings(given["label"], given["url"], given["header"], given["prefix"], mapping, given["as_of"])


def _number(name: str, what: str, default: int) -> int:
    found = read_number(request.form.get(name, ""), what)
    return default if found is None else found


def _page(done: Uploaded | None = None) -> ResponseReturnValue:
    reports = source_reports(services(), tenant_id())
    return render_template("enrichment.html", reports=reports, done=done)


def _said(act: Callable[[], None], message: str) -> ResponseReturnValue:
    """Do what was asked for and say so, or say why it was not done."""
    try:
        act()
        flash(message)
    except RejectedInput as refused:
        flash(str(refused))
    except ConnectorError as trouble:
        flash(f"That did not work: {trouble}")
    return redirect(url_for("enrichment.index"))
