"""The description of the API: OpenAPI 3.1, made from the routes, and a page to read it on."""

from __future__ import annotations

import http
import json
from collections.abc import Iterator, Mapping
from typing import Any

import flask_smorest
from flask import Blueprint, Flask, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_smorest.utils import prepare_response

from connector.services.api.keys import MEANINGS
from connector.settings import Settings
from connector.version import version
from connector.web.api import headers
from connector.web.api.problems import KINDS, MEDIA_TYPE, ROOT
from connector.web.api.shapes import ProblemShape
from connector.web.guard import anybody

pages = Blueprint("api_document", __name__, url_prefix=ROOT)
EXTENSION = "connector.api"
_METHODS = ("get", "post", "put", "delete")


class Api(flask_smorest.Api):  # type: ignore[misc]  # flask-smorest has no types
    """Collects the routes; errors are answered by the product's own handlers."""

    ERROR_SCHEMA = ProblemShape

    def _register_error_handlers(self) -> None:
        """Leave all errors to ``connector.web.errors``."""

    def _register_responses(self) -> None:
        """Describe errors as problems: the library would call them plain JSON."""
        headers.register(self.spec)
        described = {status.name: status.phrase for status in http.HTTPStatus if status >= 400}
        for name, phrase in {**described, "DEFAULT_ERROR": "Any problem"}.items():
            response = {"description": phrase, "schema": self.ERROR_SCHEMA}
            if told := headers.of_problem(name):
                response["headers"] = told
            prepare_response(response, self.spec, MEDIA_TYPE)
            self.spec.components.response(name, response, lazy=True)


def collect(app: Flask, settings: Settings) -> Api:
    """Begin a description for an application."""
    app.config.update(
        API_TITLE="Lead scores",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=ROOT,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": "Scores, leads, events, outcomes, models and exports.", "x-product": version()},
            "servers": [{"url": settings.public_url}],
            "components": {
                "securitySchemes": {
                    "key": {"type": "http", "scheme": "bearer", "description": "An API key: lsk_…"},
                }
            },
        },
    )
    made = Api(app)
    app.extensions[EXTENSION] = made
    return made


@pages.get("/docs")
@anybody("the description is the same for everybody")
def page() -> ResponseReturnValue:
    """Show the description to people."""
    told = current_app.extensions[EXTENSION].spec.to_dict()
    schemas = told.get("components", {}).get("schemas", {})
    return render_template(
        "api.html",
        told=told,
        operations=list(_operations(told)),
        kinds=KINDS,
        meanings=MEANINGS,
        shape=_shapes(schemas),
    )


def _operations(told: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in told["paths"].items():
        for method in _METHODS:
            if method in item:
                yield method.upper(), path, item[method] | {"given": item.get("parameters", [])}


def _shapes(schemas: Mapping[str, Any]) -> Any:
    def shape(content: Mapping[str, Any] | None) -> str | None:
        """Return the fields of a body as text; None where it is no JSON."""
        found = (content or {}).get("application/json")
        return None if found is None else json.dumps(_filled(found["schema"], schemas), indent=2)

    return shape


def _filled(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Any:
    """Return an example of a schema: the types in the places of the values."""
    if "$ref" in schema:
        return _filled(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    for several in ("allOf", "anyOf", "oneOf"):
        if several in schema:
            return _filled(schema[several][0], schemas)
    kinds = schema.get("type", "any")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if "object" in kinds and schema.get("properties"):
        return {name: _filled(inner, schemas) for name, inner in schema["properties"].items()}
    if "array" in kinds:
        return [_filled(schema.get("items", {}), schemas)]
    told = schema.get("format") or " or ".join(kinds)
    return f"{told}: {' | '.join(map(str, schema['enum']))}" if "enum" in schema else told
