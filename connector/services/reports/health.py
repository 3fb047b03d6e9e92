"""Whether this process can serve: for load balancers and for whoever waits for a start."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import sqlalchemy as sa

from connector.errors import ConnectorError, CorruptSecret
from connector.services.context import Services
from connector.store import connections, migrate

log = logging.getLogger("connector.health")

FINE = "ok"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Part → ``ok``, or the sentence that says what is wrong with it and what to do."""

    parts: dict[str, str]

    @property
    def ready(self) -> bool:
        """Whether every part is fine."""
        return all(said == FINE for said in self.parts.values())


def readiness(services: Services) -> Readiness:
    """Try the database, the encryption keys and Redis, each once."""
    database = _database(services)
    parts = {"database": database, "encryption_keys": _keys(services) if database == FINE else "not tried"}
    found = Readiness({**parts, "redis": _redis(services)})
    if not found.ready:
        log.warning("not ready: %s", found.parts)
    return found


def _database(services: Services) -> str:
    try:
        with services.store.reading() as session:
            held, needed = migrate.current(session), migrate.newest()
    except sa.exc.SQLAlchemyError as error:
        return (
            f"The database of DATABASE_URL does not answer ({type(error).__name__}). Start it or correct the address."
        )
    # A newer schema is that of an upgrade which has not reached this process yet.
    if held is not None and held >= needed:
        return FINE
    return f"The schema is at {held or 'nothing'}, this version needs {needed}: run `python -m connector migrate`."


def _keys(services: Services) -> str:
    """Open one stored token, as the next request to a CRM will have to."""
    with services.store.reading() as session:
        owner = connections.newest_with_tokens(session)
        sealed = connections.tokens(session, owner.id).access_token if owner else None
    if owner is None or sealed is None:
        return FINE
    try:
        services.cipher.decrypt(sealed, tenant_id=str(owner.tenant_id), connection_id=str(owner.id))
    except CorruptSecret as error:
        return str(error)
    return FINE


def _redis(services: Services) -> str:
    try:
        services.board.ping()
    except ConnectorError as error:
        return f"{error} What arrives is stored, but nobody is woken but by the sweep."
    return FINE
