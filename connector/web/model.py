"""The page of the model that scores, and its card to read and to file."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from connector.services.access.permissions import Permission
from connector.services.objectives.measuring import standing
from connector.services.reports.model import model_card, model_report
from connector.web.guard import needs
from connector.web.session import tenant_id
from connector.web.wiring import services
from scoring import cards

pages = Blueprint("model", __name__, url_prefix="/model")


@pages.get("")
@needs(Permission.SEE)
def show() -> ResponseReturnValue:
    """Show how good the model is and what it looks at."""
    tenant = tenant_id()
    agreed = standing(services(), tenant)
    report = model_report(services(), tenant)
    fair = _drawn(cards.Card("", (report.fairness,))) if report else ""
    return render_template("model.html", report=report, standing=agreed, fairness=fair)


@pages.get("/card")
@needs(Permission.SEE)
def card() -> ResponseReturnValue:
    """Show the model card."""
    made = _card()
    return render_template("card.html", title=made.title, body=_drawn(made))


@pages.get("/card.html")
@needs(Permission.SEE)
def card_html() -> ResponseReturnValue:
    """Give the card as a file that needs nothing else."""
    return _file(cards.page(_card()), "html")


@pages.get("/card.md")
@needs(Permission.SEE)
def card_markdown() -> ResponseReturnValue:
    """Give the card as Markdown, its figures told in words."""
    return _file(cards.markdown(_card()), "markdown")


def _drawn(card: cards.Card) -> Markup:
    return Markup(cards.body(card))  # noqa: S704 # cards escape their texts


def _card() -> cards.Card:
    return model_card(services(), tenant_id()) or abort(404)


def _file(text: str, kind: str) -> Response:
    name = {"html": "model-card.html", "markdown": "model-card.md"}[kind]
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text, mimetype=f"text/{kind}", headers=headers)
