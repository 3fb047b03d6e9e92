"""The database: reachable, migrated, new enough, with room for our pools, and quick to notice lost hosts."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.pool import QueuePool

from connector.services.context import Services
from connector.services.doctor.finding import Finding, Level, skewed
from connector.store import migrate, walls

PART = "database"
OLDEST_POSTGRESQL = 130_000
"""PostgreSQL 13, in the server's own numbering: older ones get no security fixes."""

FULL = 0.8
LONGEST_KEEPALIVE = 60


def look(services: Services) -> Generator[Finding, None, bool]:
    """Yield findings; return whether the tables can be read."""
    try:
        with services.store.reading() as session:
            held, needed = migrate.current(session), migrate.newest()
            postgresql = session.dialect.name == "postgresql"
            found = list(_postgresql(services, session) if postgresql else _sqlite(session))
    except sa.exc.SQLAlchemyError as error:
        sentence = f"It does not answer ({type(error).__name__}). Start it, or correct DATABASE_URL."
        yield Finding(Level.PROBLEM, PART, sentence)
        return False
    yield from found
    yield _pool(services)
    if held is None or held < needed:
        sentence = f"Its schema is at {held or 'nothing'}, {needed} is needed. Run `python -m connector migrate`."
        yield Finding(Level.PROBLEM, PART, sentence)
        return False
    if held > needed:
        sentence = f"Its schema is at {held}, newer than this version's. Deploy the version that migrated it."
        yield Finding(Level.WARNING, PART, sentence)
    else:
        yield Finding(Level.FINE, PART, f"Its schema is at {held}, the newest.")
    return True


def _pool(services: Services) -> Finding:
    pool = services.store.engine.pool
    size = pool.size() if isinstance(pool, QueuePool) else 1
    return Finding(Level.FINE, PART, f"Each process keeps up to {size} connections open, and opens more when pressed.")


def _sqlite(session: Connection) -> Iterator[Finding]:
    version = _asked(session, "SELECT sqlite_version()")
    sentence = f"SQLite {version}: all processes must be on this machine. Use PostgreSQL for more."
    yield Finding(Level.FINE, PART, sentence)


def _postgresql(services: Services, session: Connection) -> Iterator[Finding]:
    number = int(_asked(session, "SHOW server_version_num"))
    version = f"PostgreSQL {_asked(session, 'SHOW server_version')}"
    if number < OLDEST_POSTGRESQL:
        yield Finding(Level.PROBLEM, PART, f"{version} is no longer maintained. Upgrade to 13 or newer.")
    else:
        yield Finding(Level.FINE, PART, f"{version}.")
    yield skewed(PART, _asked(session, "SELECT clock_timestamp()"), services.clock.now())
    yield _room(session)
    yield _lost_hosts(session)
    yield _role(session)


def _role(session: Connection) -> Finding:
    if walls.holds_for(session):
        return Finding(Level.FINE, PART, "Its role is bound by the policies that keep tenants apart.")
    sentence = (
        "Its role is a superuser or bypasses row-level security, so that the second wall between tenants does not "
        "hold for it. Give the processes a role of their own: `connector database grants <role>`."
    )
    return Finding(Level.WARNING, PART, sentence)


def _room(session: Connection) -> Finding:
    most, used = int(_asked(session, "SHOW max_connections")), _asked(session, "SELECT count(*) FROM pg_stat_activity")
    if used < most * FULL:
        return Finding(Level.FINE, PART, f"{used} of {most} connections are open.")
    sentence = (
        f"{used} of {most} connections are open. Raise max_connections, put PgBouncer between, or run fewer workers."
    )
    return Finding(Level.WARNING, PART, sentence)


def _lost_hosts(session: Connection) -> Finding:
    seconds = int(_asked(session, "SHOW tcp_keepalives_idle"))
    if _asked(session, "SELECT inet_server_addr() IS NULL") or 0 < seconds <= LONGEST_KEEPALIVE:
        return Finding(Level.FINE, PART, "A host that vanishes is noticed within a minute or two.")
    sentence = "A host that vanishes keeps its locks for hours. Set tcp_keepalives_idle = 30 in postgresql.conf."
    return Finding(Level.WARNING, PART, sentence)


def _asked(session: Connection, question: str) -> Any:
    return session.exec_driver_sql(question).scalar_one()
