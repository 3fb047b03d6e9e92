"""Who is signed in. The session is a signed cookie: a browser id and the secret of a sign-in, nothing else of ours.

The sign-in is a row. It is looked up with each request, so that a session ends at once when its user signs out or is
removed, and a role counts from the moment it is given.
"""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import g, request, session

from connector.services import regions
from connector.services.access import sessions
from connector.services.access.users import called
from connector.store.users import User
from connector.web.wiring import services

_ANYWHERE = ("static", "connect.sign_out")
_BROWSER, _SIGN_IN = "browser", "sign_in"


class SignInNeeded(Exception):
    """A tenant's page was asked for without a session."""


def browser_id() -> str:
    """Return the id that binds an installation to this browser; made at first use."""
    if _BROWSER not in session:
        session.permanent = True
        session[_BROWSER] = secrets.token_urlsafe(32)
    return str(session[_BROWSER])


def known_browser_id() -> str | None:
    """Return the browser's id, None where it never began anything here."""
    return session.get(_BROWSER)


def user_or_none() -> User | None:
    """Return who is signed in, if anybody is; asked of the store once a request."""
    if "user" not in g:
        token = session.get(_SIGN_IN)
        g.user = sessions.whose(services(), token) if isinstance(token, str) else None
    found: User | None = g.user
    return found


def require_region() -> None:
    """Refuse whoever is signed in to an organisation of another region, but for signing out."""
    found = user_or_none()
    if found is None or request.endpoint in _ANYWHERE:
        return
    with services().store.reading(found.tenant_id) as reading:
        regions.require(services(), reading, found.tenant_id)


def user() -> User:
    """Return who is signed in; raises ``SignInNeeded``."""
    found = user_or_none()
    if found is None:
        raise SignInNeeded
    return found


def asker() -> str:
    """Return how the ledger names who is signed in; raises ``SignInNeeded``."""
    return called(user())


def tenant_id() -> UUID:
    """Return the tenant of who is signed in; raises ``SignInNeeded``."""
    return user().tenant_id


def sign_in(token: str) -> None:
    """Take up a sign-in in a new session: ids and form tokens from before are worthless, a former sign-in ends."""
    sign_out()
    session[_SIGN_IN] = token
    browser_id()


def sign_out() -> None:
    """End the sign-in for every copy of the cookie, and forget everything."""
    token = session.get(_SIGN_IN)
    if isinstance(token, str):
        sessions.end(services(), token)
    g.pop("user", None)
    session.clear()
