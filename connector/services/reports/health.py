"""Whether this process can serve: for load balancers and for whoever waits for a start."""

from __future__ import annotations

import logging

import sqlalchemy as sa

from connector.services.context import Services

log = logging.getLogger("connector.health")


def ready(services: Services) -> bool:
    """Tell whether the database answers and holds our tables."""
    try:
        with services.store.reading() as session:
            session.execute(sa.text("SELECT 1 FROM tenants LIMIT 1"))
    except sa.exc.SQLAlchemyError as error:
        log.warning("the database is not ready: %s", type(error).__name__)
        return False
    return True
