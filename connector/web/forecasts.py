"""The page Forecasts."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.objectives.measuring import standing
from connector.services.reports.forecasts import forecasts_report
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("forecasts", __name__, url_prefix="/forecasts")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show this week's list, sealed forecasts, and how former ones did."""
    tenant = tenant_id()
    agreed = standing(services(), tenant)
    return render_template("forecasts.html", report=forecasts_report(services(), tenant), standing=agreed)
