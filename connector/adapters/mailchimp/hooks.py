"""Webhooks of the account's audiences, made and removed: Mailchimp keeps them by audience."""

from __future__ import annotations

from collections.abc import Sequence

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import lists
from connector.adapters.mailchimp.errors import BAD_REQUEST, NOT_FOUND, VENDOR, sentence_of
from connector.adapters.mailchimp.transport import Answer
from connector.adapters.mailchimp.values import Json, rows, text
from connector.errors import NeedsAdmin, RetryLater, VendorFault

EVENTS = {
    "subscribe": True,
    "unsubscribe": True,
    "profile": True,
    "upemail": True,
    "cleaned": True,
    "campaign": True,
}
SOURCES = {"user": True, "admin": True, "api": False}
"""Not what comes by API: each score that we write would announce itself."""


def subscribe(audiences: Audiences, url: str, former: Sequence[str] = ()) -> list[str]:
    """Make a hook to ``url`` in every audience that has none; return the signing secrets of those made now.

    A hook to one of the ``former`` addresses is led to ``url`` instead: its secret, told when it was made, stays good.
    Where nobody can verify what the hooks sign (whoever made them died before the secret was kept), they are made anew.
    """
    made = []
    for audience in audiences.all() if url else ():
        if not audiences.access.verifies:
            _remove(audiences, audience.list_id, [url, *former], signing=True)
        if not _ours(audiences, audience.list_id, [url]) and not _moved(audiences, audience.list_id, url, former):
            made.append(_make(audiences, audience.list_id, url))
    return [secret for secret in made if secret is not None]


def unsubscribe(audiences: Audiences, url: str, former: Sequence[str] = ()) -> None:
    """Remove the hooks to ``url`` and to the ``former`` addresses."""
    for audience in audiences.all() if url else ():
        _remove(audiences, audience.list_id, [url, *former])


def _ours(audiences: Audiences, list_id: str, urls: Sequence[str], *, signing: bool = False) -> list[str]:
    """Return the ids of the hooks to ``urls``; of those that sign, if only they are asked for."""
    answer = audiences.session.send("webhooks", lists.get_list_webhooks(list_id), accept=(NOT_FOUND,))
    found = [raw for raw in rows(answer.body, "webhooks") if raw.get("url") in urls]
    return [str(raw.get("id")) for raw in found if raw.get("signing_enabled") or not signing]


def _moved(audiences: Audiences, list_id: str, url: str, former: Sequence[str]) -> bool:
    """Lead the hook to a former address to ``url``; return whether there was one."""
    held = _ours(audiences, list_id, former) if former else []
    if held:
        call = lists.update_list_webhook(list_id, held[0], _wanted(url))
        _taken(audiences.session.send("webhook", call, accept=(BAD_REQUEST,)))
    return bool(held)


def _make(audiences: Audiences, list_id: str, url: str) -> str | None:
    call = lists.create_list_webhook(list_id, _wanted(url))
    try:
        # Not repeated: each repeat makes a further hook, and all of them deliver.
        answer = audiences.session.send("webhook", call, accept=(BAD_REQUEST,), repeat=False)
    except RetryLater:
        # The hook may be there, but its secret, which is told once, is lost with the answer.
        _remove(audiences, list_id, [url])
        raise
    return text(_taken(answer).body.get("signing_secret"))


def _wanted(url: str) -> Json:
    return {"url": url, "events": EVENTS, "sources": SOURCES}


def _taken(answer: Answer) -> Answer:
    """Return the answer to a hook that was made or led elsewhere; raises ``NeedsAdmin`` where that was refused."""
    if answer.status == BAD_REQUEST:
        raise NeedsAdmin(
            f"Mailchimp does not let a webhook be made: {sentence_of(answer.body)}",
            remedy="The connector's address must answer from the internet, and the audience have room for a hook.",
            fault=VendorFault(VENDOR, "webhook", answer.status),
        )
    return answer


def _remove(audiences: Audiences, list_id: str, urls: Sequence[str], *, signing: bool = False) -> None:
    for hook_id in _ours(audiences, list_id, urls, signing=signing):
        audiences.session.send("webhook", lists.delete_list_webhook(list_id, hook_id), accept=(NOT_FOUND,))
