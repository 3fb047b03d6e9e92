"""Sessions: begun by a sign-in, looked up with each request, ended by signing out, by time or by removal."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.engine import Connection

from connector.services.access.tokens import digest, fresh
from connector.services.context import Services
from connector.store import sign_ins
from connector.store.users import User

BY_CRM = timedelta(hours=12)
"""A sign-in through the CRM is a matter of one click."""
BY_LINK = timedelta(days=30)
"""Who was let in by a link has nothing else to come back with."""


def begin(services: Services, session: Connection, user: User, lifetime: timedelta) -> str:
    """Begin a session and return the secret that its cookie carries."""
    token, now = fresh(), services.clock.now()
    sign_ins.begin(session, digest(token), user, now, now + lifetime)
    return token


def whose(services: Services, token: str) -> User | None:
    """Return the user of a session with the role of this moment; None where it is over."""
    with services.store.reading() as session:
        return sign_ins.find(session, digest(token), services.clock.now())


def end(services: Services, token: str) -> None:
    """End a session: its cookie is worth nothing from now on, also in other hands."""
    with services.store.transaction() as session:
        sign_ins.end(session, digest(token))
