"""What ``tests.bench.api`` serves: the product as it is, and beside it the least that an answer from SQL can cost."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from connector.app import create_app
from connector.store.session import Store
from connector.store.tables import scores

FLOOR = "/floor"


def create() -> Any:
    """Return the product, and below ``FLOOR`` an application that does nothing but read."""
    app = create_app()
    services, _ = app.extensions["connector"]
    return DispatcherMiddleware(app, {FLOOR: _floor(services.store)})


def _floor(store: Store) -> Flask:
    """One read by a key, one answer."""
    app = Flask("floor")
    query = sa.select(scores.c.lead_id, scores.c.probability).where(scores.c.lead_id == sa.bindparam("lead"))

    @app.get("/<int:lead>")
    def floor(lead: int) -> Response:
        with store.reading() as session:
            row = session.execute(query, {"lead": lead}).one()
        return Response(json.dumps([row.lead_id, float(row.probability)]), content_type="application/json")

    return app
