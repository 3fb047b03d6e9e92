"""The page of one record, as a person sees it who opens it in the CRM: what it holds, and the app's card.

For people on this machine: it asks for no sign-in, and is neither counted nor logged as a request of the app.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, render_template, request

from connector.sandbox.controls import loopback_only

NAME = "record_pages"
"""The blueprint of the pages in each sandbox."""


@dataclass(frozen=True, slots=True)
class Line:
    """A field with its value; ``name`` is the API's. ``by_app``: the app gave it the value that it has."""

    label: str
    name: str
    value: str
    by_app: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """Fields that stand together."""

    title: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Card:
    """What the app's card told: ``told`` is its answer, None where ``problem`` says why there is none."""

    told: Mapping[str, Any] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class RecordPage:
    """What is shown. ``tags``: None in a CRM that has none; ``card``: None in one where the app has none here."""

    crm: str
    account: str
    app: str
    kind: str
    name: str
    about: str
    sections: Sequence[Section]
    tags: Sequence[str] | None = None
    card: Card | None = None


def blueprint() -> Blueprint:
    """Return the blueprint for a sandbox's record pages."""
    made = Blueprint(NAME, "connector.sandbox", template_folder="templates")
    made.before_request(loopback_only)
    return made


def is_one() -> bool:
    """Tell whether the request is for such a page, and no call of the app."""
    return request.blueprint == NAME


def shown(page: RecordPage) -> str:
    """Return the page as HTML."""
    return render_template("record.html", page=page)


def missing(crm: str, what: str) -> Response:
    """Return the page that says that there is no such record."""
    return Response(render_template("no_record.html", crm=crm, what=what), 404)
