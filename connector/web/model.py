"""The page of the model that scores."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from connector.services.reports.model import model_report
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("model", __name__, url_prefix="/model")


@pages.get("")
def show() -> ResponseReturnValue:
    """Show how good the model is and what it looks at."""
    return render_template("model.html", report=model_report(services(), tenant_id()))
