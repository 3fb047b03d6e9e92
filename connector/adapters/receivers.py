"""Webhooks out: one signed message to an address that a tenant named, by the scheme of Standard Webhooks.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: three headers, of which
the signature is HMAC-SHA256 over ``id.timestamp.body`` under the secret's bytes, in base64 behind ``v1,``.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_bytes

import requests

from connector.adapters.egress import Outside, Sayings, asked_pause, require_outside
from connector.errors import RejectedInput, RetryLater

SECRET_PREFIX = "whsec_"  # noqa: S105 # what the scheme puts before every secret
_SECRET_BYTES = 32
_LONGEST_URL = 2_000
_SAYINGS = Sayings(
    "This is no plain web address. Enter one such as https://hooks.example.com/path.",
    "The address must begin with https://. What is sent there could be read on its way.",
    "The address leads to no machine.",
)


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent: ``id`` is the same with every try, ``body`` is JSON in UTF-8."""

    id: str
    sent_at: datetime
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """How a receiver answered; ``pause_seconds`` is what it asked for before the next try (0: nothing)."""

    status: int
    pause_seconds: float = 0.0


def new_secret() -> str:
    """Return 256 random bits in the scheme's form."""
    return SECRET_PREFIX + base64.b64encode(token_bytes(_SECRET_BYTES)).decode()


def headers_of(message: Message, secrets: Sequence[str]) -> dict[str, str]:
    """Return the headers that let a receiver know a message as ours, and as new: signed with each of the secrets."""
    stamp = str(int(message.sent_at.timestamp()))
    signed = f"{message.id}.{stamp}.".encode() + message.body
    return {
        "Content-Type": "application/json",
        "webhook-id": message.id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(_signature(signed, secret) for secret in secrets),
    }


def _signature(signed: bytes, secret: str) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return f"v1,{base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()}"


class Receivers:
    """The way to tenants' own systems: https on public addresses, or one of the ``allowed`` origins (adapters/egress).

    ``allowed`` is the operator's word: a service in their own network, a sandbox.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        """Open nothing yet."""
        self._allowed = frozenset(allowed)

    def check(self, url: str) -> None:
        """Raise ``RejectedInput`` where nothing may be sent to ``url``."""
        if len(url) > _LONGEST_URL:
            raise RejectedInput(f"An address has at most {_LONGEST_URL:,} characters.")
        require_outside(url, self._allowed, _SAYINGS)

    def send(self, url: str, message: Message, secrets: Sequence[str]) -> Reply:
        """Send a message, signed with each of the secrets; what the answer's body says is not read.

        Raises ``RejectedInput`` for an address that nothing may be sent to, ``RetryLater`` where no answer came.
        """
        return self._post(url, message.body, headers_of(message, secrets))

    def post_text(self, url: str, text: str) -> Reply:
        """Send plain text as chats take it: Slack's incoming webhooks, and those of Mattermost, Rocket.Chat and others.

        https://api.slack.com/messaging/webhooks and, for the three characters that
        are escaped, https://api.slack.com/reference/surfaces/formatting#escaping. Raises as :meth:`send` does.
        """
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return self._post(url, json.dumps({"text": escaped}).encode(), {"Content-Type": "application/json"})

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        try:
            # A session for one message: sessions are not shared between threads.
            with Outside(self._allowed) as http, http.post(url, data=body, headers=headers, stream=True) as answer:
                return Reply(answer.status_code, asked_pause(answer, 0.0))
        except requests.RequestException:
            raise RetryLater("The receiver gave no answer.") from None
