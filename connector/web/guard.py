"""Who may use which route. Every view says so itself; one that does not is closed to everybody."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from flask import Flask, g, request

from connector.services import acts
from connector.services.access.permissions import LEAST, Permission, allows
from connector.services.access.users import called
from connector.store.session import UNAVAILABLE
from connector.web import session

log = logging.getLogger("connector.web")

View = TypeVar("View", bound=Callable[..., object])
Need = Permission | str
"""A permission that the role must hold, or why the route is open to those who are not signed in."""

_DECLARED = "connector_need"
_TABLE = "connector.needs"


class NotAllowedError(Exception):
    """The user's role does not hold the permission that a route needs; the message says who may."""


def needs(permission: Permission) -> Callable[[View], View]:
    """Open a view to the users whose role holds ``permission``."""
    return _declaring(permission)


def anybody(why: str) -> Callable[[View], View]:
    """Open a view without a sign-in; ``why`` says what makes that right."""
    return _declaring(why)


def _declaring(need: Need) -> Callable[[View], View]:
    def declare(view: View) -> View:
        setattr(view, _DECLARED, need)
        return view

    return declare


def declared(app: Flask) -> Mapping[str, Need | None]:
    """Return what each endpoint declares, None where it declares nothing."""
    found: dict[str, Need | None] = {
        endpoint: getattr(view, _DECLARED, None) for endpoint, view in app.view_functions.items()
    }
    return found | {
        "static": "style, script and icon are the same for everybody",
        "api-docs.openapi_json": "the description is the same for everybody",
    }


def register(app: Flask) -> None:
    """Check every request before its view. To be called when all routes are there."""
    app.extensions[_TABLE] = declared(app)

    @app.before_request
    def check() -> None:
        if request.endpoint is None:
            return
        need = app.extensions[_TABLE].get(request.endpoint)
        if need is None:
            log.error("route %s declares nobody who may use it: it is closed", request.endpoint)
            raise NotAllowedError("Nobody may use this page yet.")
        if isinstance(need, Permission):
            require(need)

    @app.teardown_request
    def forget(_: BaseException | None) -> None:
        if "asker" in g:
            g.pop("asker").__exit__(None, None, None)

    @app.context_processor
    def known() -> dict[str, object]:
        try:
            user = session.user_or_none()
        except UNAVAILABLE:
            # The page that says so must be shown all the same.
            user = None
        return {
            "user": user,
            "may": lambda name: user is not None and allows(user.role, Permission[name.upper()]),
        }


def require(permission: Permission) -> None:
    """Raise ``SignInNeeded`` or ``NotAllowedError`` unless who is signed in holds a permission."""
    user = session.user()
    if not allows(user.role, permission):
        raise NotAllowedError(
            f"You are signed in as {user.role}. To {permission} takes at least the role {LEAST[permission]}: "
            "ask one of your organisation's admins."
        )
    # What is recorded meanwhile names who asked.
    g.asker = acts.asked_by(called(user))
    g.asker.__enter__()
