"""One page for each class of error: what happened and what to do."""

from __future__ import annotations

import logging
import math
import traceback
from dataclasses import dataclass

from flask import Flask, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from connector.errors import ConnectorError, NeedsAdmin, NotSupported, RejectedInput, RetryLater, SettingsError
from connector.store.session import UNAVAILABLE
from connector.web.api import problems
from connector.web.guard import NotAllowedError
from connector.web.session import SignInNeeded

log = logging.getLogger("connector.web")


@dataclass(frozen=True, slots=True)
class Explanation:
    """A page's status, headline, and the sentence that says what to do."""

    status: int
    title: str
    advice: str


_START_AGAIN = "Go to the start page and begin again."
_OURS = Explanation(500, "Something broke on our side", "It was logged. Try again; if it stays, tell support the time.")
_BY_CLASS: tuple[tuple[type[ConnectorError], Explanation], ...] = (
    (RejectedInput, Explanation(400, "That could not be accepted", _START_AGAIN)),
    (NotSupported, Explanation(404, "Not offered", "Nothing was changed.")),
    (SettingsError, Explanation(404, "Not set up here", "The operator of this installation must set it up first.")),
    (NeedsAdmin, Explanation(409, "An administrator is needed", "Nothing was stored. Begin again once that is done.")),
    (RetryLater, Explanation(503, "The CRM did not answer as it should", f"Nothing was stored. {_START_AGAIN}")),
)
_BY_STATUS = {
    400: Explanation(400, "That request can't be read", _START_AGAIN),
    404: Explanation(404, "There is no such page", "It may have been removed, or it belongs to another organisation."),
    405: Explanation(405, "That is not how this page is used", "Use the links and buttons of the pages."),
    413: Explanation(413, "Too much at once", "Send less."),
}
_MACHINES = ("webhooks", "collecting")
"""Blueprints that answer programs, not people."""
_NOT_YOURS = Explanation(403, "Your role does not allow that", "Nothing was changed.")
_STALE_FORM = Explanation(
    400, "This form is no longer valid", "It was open since before you signed in or out. Go back, reload and try again."
)


def register(app: Flask) -> None:
    """Answer each class of error."""
    app.register_error_handler(SignInNeeded, lambda _error: redirect(url_for("connect.start_page")))
    app.register_error_handler(NotAllowedError, lambda error: _answer(_NOT_YOURS, str(error)))
    app.register_error_handler(ConnectorError, _connector_error)
    app.register_error_handler(CSRFError, lambda _error: _answer(_STALE_FORM, ""))
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _bug)


def _connector_error(error: ConnectorError) -> ResponseReturnValue:
    found = next((known for kind, known in _BY_CLASS if isinstance(error, kind)), None)
    if found is None:
        log.error("%s at %s", type(error).__name__, request.endpoint)
        return _answer(_OURS, "")
    retry = {"Retry-After": str(math.ceil(error.after_seconds))} if isinstance(error, RetryLater) else {}
    return _answer(found, str(error), retry)


def _http_error(error: HTTPException) -> ResponseReturnValue:
    if error.code is None:
        return error.get_response()
    kept = {name: value for name, value in error.get_headers() if name in ("Allow", "Retry-After")}
    return _answer(_BY_STATUS.get(error.code, Explanation(error.code, error.name, _START_AGAIN)), "", kept)


def _bug(error: Exception) -> ResponseReturnValue:
    # Places without values: a library's message may quote a payload.
    places = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("%s at %s: %s", type(error).__name__, request.endpoint, " > ".join(places))
    if problems.concerned() and isinstance(error, UNAVAILABLE):
        return problems.of_status(503, "The database is busy or away.", {})
    return _answer(_OURS, "")


def _answer(found: Explanation, sentence: str, headers: dict[str, str] | None = None) -> ResponseReturnValue:
    """Render a page, a problem for callers of the API, or JSON for other machines."""
    if problems.concerned():
        return problems.of_status(found.status, sentence, headers or {})
    if request.blueprint in _MACHINES or request.path.startswith(("/webhooks/", "/t/", "/api/")):
        return jsonify(error=sentence or found.title), found.status, headers or {}
    return render_template("error.html", found=found, sentence=sentence), found.status, headers or {}
