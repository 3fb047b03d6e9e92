"""The companies by their chance, and one company with its leads."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from connector.services.access.permissions import Permission
from connector.services.reports.companies import Place, company_page, company_report
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services

pages = Blueprint("companies", __name__, url_prefix="/companies")


@pages.get("")
@needs(Permission.SEE)
def index() -> ResponseReturnValue:
    """List scored companies, the likeliest first."""
    tenant, after = tenant_id(), _place()
    return render_template("companies.html", page=company_page(services(), tenant, after=after), first_page=not after)


@pages.get("/<int:company_id>")
@needs(Permission.SEE)
def show(company_id: int) -> ResponseReturnValue:
    """Show the leads that a company's chance is made of."""
    report = company_report(services(), tenant_id(), company_id) or abort(404)
    return render_template("company.html", report=report)


def _place() -> Place | None:
    """Read ``after=<chance>~<company id>``, as the "next" link writes it."""
    text = request.args.get("after")
    if not text:
        return None
    chance, _, company_id = text.partition("~")
    try:
        return Decimal(chance), int(company_id)
    except (InvalidOperation, ValueError):
        abort(404)
