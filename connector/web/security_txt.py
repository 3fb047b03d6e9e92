"""Whom to tell of a weakness (RFC 9116)."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from connector.web.guard import anybody
from connector.web.wiring import settings

endpoint = Blueprint("security_txt", __name__)


@endpoint.get("/.well-known/security.txt")
@anybody("whoever finds a weakness has no account here")
def show() -> Response:
    """Name the operator's contact; without one there is no such file."""
    found = settings().security or abort(404)
    fields = {"Contact": found.contact, "Expires": found.expires, "Policy": found.policy}
    fields["Canonical"] = f"{settings().public_url}/.well-known/security.txt"
    lines = [f"{name}: {value}\n" for name, value in fields.items() if value]
    return Response(lines, content_type="text/plain; charset=utf-8")
