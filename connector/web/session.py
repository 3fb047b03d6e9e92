"""Who is signed in. The session is a signed cookie; it holds a browser id and a tenant id, nothing else of ours."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from flask import Flask, g, request, session

from connector.services import acts, regions
from connector.web.wiring import services

_ANYWHERE = ("static", "connect.sign_out")
_BROWSER, _TENANT = "browser", "tenant"


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


def tenant_or_none() -> UUID | None:
    """Return the signed-in tenant, if there is one."""
    found = session.get(_TENANT)
    return UUID(found) if found else None


def require_region() -> None:
    """Refuse whoever is signed in to an organisation of another region, but for signing out."""
    tenant = tenant_or_none()
    if tenant is None or request.endpoint in _ANYWHERE:
        return
    with services().store.reading(tenant) as found:
        regions.require(services(), found, tenant)


def tenant_id() -> UUID:
    """Return the signed-in tenant; raises ``SignInNeeded``."""
    found = tenant_or_none()
    if found is None:
        raise SignInNeeded
    return found


def sign_in(tenant: UUID) -> None:
    """Begin a new session for a tenant: ids and form tokens from before are worthless."""
    session.clear()
    session[_TENANT] = str(tenant)
    browser_id()


def sign_out() -> None:
    """Forget everything."""
    session.clear()


def register(app: Flask) -> None:
    """Let what is recorded while a request is answered name who asked: the browser's session, under a hash."""

    @app.before_request
    def begin() -> None:
        browser = known_browser_id()
        who = f"session {hashlib.sha256(browser.encode()).hexdigest()[:12]}" if browser else "somebody not signed in"
        g.asked = acts.asked_by(who)
        g.asked.__enter__()

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        if "asked" in g:
            g.pop("asked").__exit__(None, None, None)
