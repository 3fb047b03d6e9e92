"""What people did, sent by a tenant's programs."""

from __future__ import annotations

import math
from typing import Any

from marshmallow import Schema, fields, validate

from connector.errors import RetryLater
from connector.services.api import events
from connector.services.api.keys import Scope
from connector.services.tracking.collecting import SERVER_BYTES
from connector.web.api.gate import ApiBlueprint, caller, once, used
from connector.web.api.problems import Problem
from connector.web.api.shapes import ReceiptShape
from connector.web.wiring import services

routes = ApiBlueprint("api_events", __name__, url_prefix="/api/v1/events", description="What people did.")

_TEXT = {"type": "string"}
_EVENT = {
    "type": "object",
    "required": ["id", "type"],
    "properties": {
        "id": _TEXT | {"description": "Your own, 8 to 64 letters, digits, _ or -. Sent again it counts once."},
        "type": _TEXT | {"enum": ["page", "event", "form", "download", "identify"]},
        "lead": {"type": ["integer", "string"], "description": "Our id, or vendor:id of a record."},
        "email": _TEXT | {"description": "Instead of a lead."},
        "visitor": _TEXT
        | {"description": "The name that the script of a site gave. With an email it says who that is."},
        "path": _TEXT | {"description": "Of a page."},
        "name": _TEXT | {"description": "Of an event, a form or a file."},
        "at": {"type": ["string", "integer"], "description": "ISO 8601 with a zone, or milliseconds since 1970."},
        "machine": {"type": "boolean", "description": "A program did it, no person."},
    },
}


class EventsShape(Schema):
    """A batch of events. One that can't be used leaves its neighbours alone."""

    events = fields.List(fields.Raw(metadata=_EVENT), required=True, validate=validate.Length(1, events.MOST))


@routes.post("")
@routes.needs(Scope.EVENTS_WRITE, body_bytes=SERVER_BYTES)
@once
@routes.arguments(EventsShape)
@routes.response(202, ReceiptShape)
def add(body: dict[str, Any]) -> events.Receipt:
    """Take up to 500 events.

    They are on disk before the answer, and the people concerned are scored anew within seconds. docs/tracking.md has
    the rules for times, paths and names.
    """
    try:
        receipt = events.take(services(), caller().tenant_id, body["events"])
    except RetryLater as error:
        raise Problem("too-many", str(error), headers={"Retry-After": str(math.ceil(error.after_seconds))}) from None
    used(receipt.leads)
    return receipt
