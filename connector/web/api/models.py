"""Models: which there are, how good each is, and its card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Response
from marshmallow import Schema, fields, validate

from connector.services.api import models
from connector.services.api.keys import Scope
from connector.web.api.gate import ApiBlueprint, caller
from connector.web.api.problems import Problem
from connector.web.wiring import services
from scoring import cards

routes = ApiBlueprint("api_models", __name__, url_prefix="/api/v1/models", description="Models and their cards.")


class VersionShape(Schema):
    """A model version."""

    version = fields.String()
    status = fields.String(
        metadata={
            "description": "champion: it scores; retired: it did; waiting: a person is asked; refused: it may "
            "not; challenger: it scores a share of the companies, on trial."
        }
    )
    as_of = fields.AwareDateTime(metadata={"description": "It learned from what was known by then."})
    created_at = fields.AwareDateTime()
    sha256 = fields.String()
    verdict = fields.String(allow_none=True, metadata={"description": "ready, usable or not ready."})
    sentence = fields.String(allow_none=True)


class ModelShape(VersionShape):
    """A model version with what was measured."""

    report = fields.Dict(keys=fields.String(), values=fields.Raw())


class VersionsShape(Schema):
    """All versions, newest first."""

    models = fields.List(fields.Nested(VersionShape))


class CardQuery(Schema):
    """In which form."""

    form = fields.String(load_default="markdown", validate=validate.OneOf(["markdown", "html"]))


@routes.get("")
@routes.needs(Scope.MODELS_READ)
@routes.response(200, VersionsShape)
def index() -> dict[str, Sequence[models.Version]]:
    """All model versions, newest first."""
    return {"models": models.listed(services(), caller().tenant_id)}


@routes.get("/<version>")
@routes.needs(Scope.MODELS_READ)
@routes.response(200, ModelShape)
def get(version: str) -> models.Version:
    """One version with its figures; "current" is the one that scores."""
    found = models.get(services(), caller().tenant_id, version)
    if found is None:
        raise Problem("not-found")
    return found


@routes.get("/<version>/card")
@routes.needs(Scope.MODELS_READ)
@routes.arguments(CardQuery, location="query")
@routes.response(200, content_type="text/markdown")
def card(asked: dict[str, Any], version: str) -> Response:
    """The model card of a version, to read and to file."""
    found = models.card(services(), caller().tenant_id, version)
    if found is None:
        raise Problem("not-found")
    form = asked["form"]
    text = cards.page(found) if form == "html" else cards.markdown(found)
    return Response(text, mimetype=f"text/{form}")
