"""Webhooks of an audience: making, listing, changing, removing."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response

from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import stable_id
from connector.sandbox.mailchimp.notices import KINDS, SOURCES, Hook
from connector.sandbox.mailchimp.problems import Problem, invalid, not_found, reply
from connector.sandbox.mailchimp.reading import flag_in, json_body, text_in
from connector.sandbox.mailchimp.showing import links

MOST = 10
"""There is a cap, but its height is not published."""

blueprint = Blueprint("webhooks", __name__)


def _located(list_id: str, hook_id: str) -> Hook:
    hooks = hub().audience(list_id).hooks
    if hook_id not in hooks:
        raise not_found()
    return hooks[hook_id]


@blueprint.get("/lists/<list_id>/webhooks")
def list_hooks(list_id: str) -> Response:
    """Answer every webhook of the audience."""
    with hub().stage.lock:
        shown = [_shown(each) for each in hub().audience(list_id).hooks.values()]
    path = f"/lists/{list_id}/webhooks"
    return reply({"webhooks": shown, "list_id": list_id, "total_items": len(shown), "_links": links(path)})


@blueprint.post("/lists/<list_id>/webhooks")
def add_hook(list_id: str) -> Response:
    """Make a webhook, whose address must answer a GET. The signing secret is told now and never again."""
    body = json_body()
    url = _address(text_in(body, "url"))
    events, sources = _flags(body, "events", KINDS, {}), _flags(body, "sources", SOURCES, {})
    with hub().stage.lock:
        audience = hub().audience(list_id)
        if len(audience.hooks) >= MOST:
            raise Problem(400, "Bad Request", "There are too many webhooks for this list.")
        secret = secrets.token_hex(32) if hub().account.signs_webhooks else ""
        hook = Hook(stable_id(10, "hook", hub().new_number()), list_id, url, events, sources, secret)
        audience.hooks[hook.hook_id] = hook
        return reply({**_shown(hook), **({"signing_secret": secret} if secret else {})})


@blueprint.get("/lists/<list_id>/webhooks/<hook_id>")
def show_hook(list_id: str, hook_id: str) -> Response:
    """Answer one webhook."""
    with hub().stage.lock:
        return reply(_shown(_located(list_id, hook_id)))


@blueprint.patch("/lists/<list_id>/webhooks/<hook_id>")
def change_hook(list_id: str, hook_id: str) -> Response:
    """Change a webhook's address, events or sources."""
    body = json_body()
    with hub().stage.lock:
        hook = _located(list_id, hook_id)
        url = text_in(body, "url", default=hook.url)
    if url != hook.url:
        _address(url)
    with hub().stage.lock:
        hook.url = url
        hook.events = _flags(body, "events", KINDS, hook.events)
        hook.sources = _flags(body, "sources", SOURCES, hook.sources)
        return reply(_shown(hook))


@blueprint.delete("/lists/<list_id>/webhooks/<hook_id>")
def remove_hook(list_id: str, hook_id: str) -> Response:
    """Remove a webhook."""
    with hub().stage.lock:
        del hub().audience(list_id).hooks[_located(list_id, hook_id).hook_id]
    return Response(status=204)


def _address(url: str) -> str:
    """Return an address that answers; raise 400. To be called without the lock: who is asked may ask back."""
    if urlsplit(url).scheme not in ("http", "https") or not hub().notices.answers(url):
        raise invalid("url", "We couldn't verify the URL is working. Please double check and try again.")
    return url


def _flags(body: Mapping[str, Any], name: str, names: tuple[str, ...], present: Mapping[str, bool]) -> dict[str, bool]:
    """Return the flags of a body over those present. What Mailchimp takes for one that is not named
    is not published; here it is no."""
    given = body.get(name) or {}
    if not isinstance(given, dict):
        raise invalid(name, "Schema describes object, another type found instead")
    return {each: flag_in(given, each, default=present.get(each, False)) for each in names}


def _shown(hook: Hook) -> dict[str, Any]:
    return {
        "id": hook.hook_id,
        "url": hook.url,
        "events": hook.events,
        "sources": hook.sources,
        "signing_enabled": bool(hook.secret),
        "list_id": hook.list_id,
        "_links": links(f"/lists/{hook.list_id}/webhooks/{hook.hook_id}"),
    }
