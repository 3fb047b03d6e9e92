"""Deal pipelines with the metadata that tells won from lost."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from connector.sandbox.hubspot.access import need
from connector.sandbox.hubspot.deal_stages import STAGES, closes
from connector.sandbox.hubspot.errors import invalid, not_found, reply
from connector.sandbox.hubspot.paths import object_type

LONG_AGO = "2020-01-01T00:00:00.000Z"

blueprint = Blueprint("pipelines", __name__)


def _stage(position: int, name: str, label: str, probability: str) -> dict[str, Any]:
    return {
        "id": name,
        "label": label,
        "displayOrder": position,
        "metadata": {"probability": probability, "isClosed": "true" if closes(name) else "false"},
        "createdAt": LONG_AGO,
        "updatedAt": LONG_AGO,
        "archived": False,
        "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT",
    }


def default_pipeline() -> dict[str, Any]:
    """Return the pipeline that every account has."""
    return {
        "id": "default",
        "label": "Sales Pipeline",
        "displayOrder": 0,
        "stages": [_stage(position, *stage) for position, stage in enumerate(STAGES)],
        "createdAt": LONG_AGO,
        "updatedAt": LONG_AGO,
        "archived": False,
    }


def _check(kind: str) -> None:
    need(("crm.objects.deals.read", "crm.schemas.deals.read"))
    if object_type(kind) != "deals":
        raise invalid(f"Object type {kind} has no pipelines.")


@blueprint.get("/<kind>")
def list_all(kind: str) -> Response:
    """Answer the pipelines of deals."""
    _check(kind)
    return reply({"results": [default_pipeline()]})


@blueprint.get("/<kind>/<pipeline_id>")
def get_one(kind: str, pipeline_id: str) -> Response:
    """Answer one pipeline."""
    _check(kind)
    if pipeline_id != "default":
        raise not_found("Pipeline not found.")
    return reply(default_pipeline())
