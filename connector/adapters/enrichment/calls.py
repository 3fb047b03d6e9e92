"""One question to a provider over HTTP: where it may go, how much may come back, and what a refusal means."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import requests

from connector.adapters.egress import Outside, Sayings, asked_pause, require_outside
from connector.errors import NeedsAdmin, RejectedInput, RetryLater, VendorFault

TIMEOUT = (5.0, 30.0)
"""Seconds to connect, and between two reads."""

LARGEST = 1024 * 1024
"""Bytes of an answer; more is no company's facts."""

PAUSE_SECONDS = 60.0
"""Pause after a 429 that does not say how long: a minute is the usual window of such limits."""

_CHUNK = 65_536
_SAYINGS = Sayings(
    "The provider's address is no plain web address such as https://api.example.com/v1.",
    "The provider's address must begin with https://.",
    "The provider's address leads to no machine.",
)
_NOT_KNOWN = frozenset((204, 404))
_NOT_ASKABLE = frozenset((400, 422))


@dataclass(frozen=True, slots=True)
class Question:
    """A GET. ``params`` and ``headers`` may hold secrets: neither is ever logged or told."""

    url: str
    params: Mapping[str, str]
    headers: Mapping[str, str]


class Door:
    """The way out to providers: https on public addresses, or one of the ``allowed`` origins (adapters/egress).

    ``allowed`` is the operator's word: a service in their own network, a sandbox.
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        """Open nothing yet."""
        self._allowed = frozenset(allowed)

    def check(self, url: str) -> None:
        """Raise ``RejectedInput`` where no question may go to ``url``."""
        require_outside(url, self._allowed, _SAYINGS)

    def ask(self, label: str, question: Question) -> Any | None:
        """Return the JSON of an answer, None where nothing is known; raise what ``Provider.look_up`` raises."""
        try:
            # A session for one question: sessions are not shared between threads.
            with (
                Outside(self._allowed) as http,
                http.get(
                    question.url,
                    params=dict(question.params),
                    headers={"Accept": "application/json", **question.headers},
                    timeout=TIMEOUT,
                    stream=True,
                ) as reply,
            ):
                content = _read(label, reply)
        except RejectedInput as refused:
            raise NeedsAdmin(f"{label} was not asked.", remedy=str(refused)) from None
        except requests.RequestException:
            raise RetryLater(f"{label} gave no answer.", after_seconds=PAUSE_SECONDS) from None
        if reply.status_code in _NOT_KNOWN:
            return None
        if reply.status_code != requests.codes.ok:
            _refuse(label, reply)
        return _parsed(label, content)


def _read(label: str, reply: requests.Response) -> bytes:
    content = bytearray()
    for chunk in reply.iter_content(_CHUNK):
        content += chunk
        if len(content) > LARGEST:
            remedy = "Ask for fewer fields, or name another address."
            raise NeedsAdmin(f"{label} answered with more than {LARGEST // 1024:,} kB.", remedy=remedy)
    return bytes(content)


def _parsed(label: str, content: bytes) -> Any:
    try:
        return json.loads(content, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise RetryLater(f"{label} gave an answer that is no JSON.", after_seconds=PAUSE_SECONDS) from None


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is not JSON")


def _refuse(label: str, reply: requests.Response) -> NoReturn:
    status = reply.status_code
    fault = VendorFault(label, "look-up", status)
    if status in _NOT_ASKABLE:
        raise RejectedInput(f"{label} can't be asked about this company ({status}).")
    if status in (401, 403):
        raise NeedsAdmin(f"{label} refused the key ({status}).", remedy="Enter a valid one.", fault=fault)
    if status == 402:
        raise NeedsAdmin(
            f"{label} has no credits left (402).", remedy="Buy more, or wait for the next term.", fault=fault
        )
    if status == 429 or status >= 500:
        raise RetryLater(
            f"{label} can't answer now ({status}).", after_seconds=asked_pause(reply, PAUSE_SECONDS), fault=fault
        )
    remedy = "Correct the address: redirects are not followed." if status < 400 else "Correct the address."
    raise NeedsAdmin(f"{label} answered {status}.", remedy=remedy, fault=fault)
