"""What a CRM sent, as its signature covers it."""

from __future__ import annotations

from flask import request

from connector.adapters.contract import Delivery
from connector.web.wiring import settings


def delivered() -> Delivery:
    """Return this request with the public address, which the sender signed: behind a proxy ours is another one."""
    query = f"?{request.query_string.decode('ascii', 'replace')}" if request.query_string else ""
    url = f"{settings().public_url}{request.path}{query}"
    return Delivery(request.method, url, dict(request.headers), request.get_data(cache=True))
