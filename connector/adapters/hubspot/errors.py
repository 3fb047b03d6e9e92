"""HubSpot's refusals → the error tree.

The rules are those of HubSpot's error-handling page
(https://developers.hubspot.com/docs/api-reference/error-handling): 423, 429 and 5xx pass,
477 is an account on the move between data centres, 401 and 403 are about permission, all
other 4xx will be refused again. Every field of its error envelope is optional, and a
gateway may answer HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from connector.adapters.hubspot.values import part, rows
from connector.errors import (
    ConnectorError,
    Disconnected,
    MissingPermission,
    NeedsAdmin,
    RetryLater,
    VendorFault,
)

VENDOR = "HubSpot"
UNAUTHORIZED = 401
FORBIDDEN = 403
MIGRATING = 477
LOCKED = 423
THROTTLED = 429
PASSING = frozenset({0, 408, LOCKED, THROTTLED, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526})
"""Statuses worth a new try; 0 stands for no or an unreadable answer."""

REINSTALL = "Connect the HubSpot account again."
LONGEST_PAUSE = 86_400.0
"""Seconds; what HubSpot limits by the day is free again after so long."""
_DAY_PAUSE = 3600.0
"""Seconds between tries while a daily limit or a move to another data centre stands in the way."""

FIREWALL_PAUSE = 600.0
"""Seconds between tries while something in front of HubSpot refuses our address."""

_PASSING_SENTENCES = {
    MIGRATING: "HubSpot is moving this account to another data centre.",
    THROTTLED: "HubSpot asks to slow down.",
}
_NUMBER = re.compile(r"[0-9]{1,6}")
_ADDRESS = re.compile(r"\S+@\S+")
_REFUSED = re.compile(r"^(.*?)[:\s]*\[\{", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Refusal:
    """What HubSpot said instead of a 2xx, with nothing of the request in it."""

    operation: str
    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def category(self) -> str:
        """Return HubSpot's own word for the error, or an empty string."""
        word = self.body.get("policyName") or self.body.get("category") or self.body.get("errorType")
        return word if isinstance(word, str) else ""

    @property
    def passing(self) -> bool:
        """Tell whether the same request may succeed in a moment."""
        return self.status in PASSING

    @property
    def too_often(self) -> bool:
        """Tell whether requests came too fast, which slower ones mend: not so for what is limited by the day."""
        return self.status == THROTTLED and self.category != "DAILY"

    def fault(self) -> VendorFault:
        """Return what is worth keeping."""
        correlation = self.body.get("correlationId")
        return VendorFault(VENDOR, self.operation, self.status, self.category, str(correlation or ""))

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before try number ``attempt`` + 1, without jitter.

        HubSpot documents Retry-After for 477 only; without it the waits for 429 are those of its
        own Node library. A lock (423) lasts two seconds.
        """
        told = self.headers.get("retry-after", "")
        if re.fullmatch(r"[0-9]+", told):
            return min(float(told), LONGEST_PAUSE)
        if self.status == THROTTLED:
            return {"DAILY": _DAY_PAUSE, "SECONDLY": 1.0 * attempt}.get(self.category, 10.0 * attempt)
        if self.status == MIGRATING:
            return _DAY_PAUSE
        return 2.0 * attempt if self.status == LOCKED else 0.5 * 2.0 ** (attempt - 1)


def usage(headers: Mapping[str, str]) -> tuple[int, int] | None:
    """Return (used, limit) of the ten-second budget as the headers tell, by whomever; None where they do not."""
    lower = {name.lower(): value for name, value in headers.items()}
    limit, remaining = (lower.get(f"x-hubspot-ratelimit-{name}", "") for name in ("max", "remaining"))
    if not (_NUMBER.fullmatch(limit) and _NUMBER.fullmatch(remaining)) or int(limit) < 1:
        return None
    return max(0, int(limit) - int(remaining)), int(limit)


def parse_refusal(operation: str, status: int, body: bytes | str | None, headers: Mapping[str, str]) -> Refusal:
    """Return the refusal in ``body``, which may be empty, HTML or broken."""
    try:
        parsed = orjson.loads(body or b"")
    except orjson.JSONDecodeError:
        parsed = {}
    lower = {name.lower(): value for name, value in headers.items()}
    return Refusal(operation, status, parsed if isinstance(parsed, dict) else {}, lower)


def classify(refusal: Refusal) -> ConnectorError:
    """Return the error that says what to do about ``refusal`` once no more tries are left."""
    fault = refusal.fault()
    if refusal.passing or refusal.status == MIGRATING:
        sentence = _PASSING_SENTENCES.get(refusal.status, f"{fault}.")
        return RetryLater(sentence, after_seconds=max(5.0, refusal.pause(1)), fault=fault)
    if refusal.status == UNAUTHORIZED:
        return Disconnected("HubSpot no longer accepts this account's permission.", remedy=REINSTALL, fault=fault)
    if refusal.status == FORBIDDEN and refusal.body:
        return _forbidden(refusal)
    if refusal.status == FORBIDDEN:
        # HubSpot's own says why. Taken for a missing permission, a firewall's page would silently end a stream.
        return RetryLater("Something before HubSpot refuses this server.", after_seconds=FIREWALL_PAUSE, fault=fault)
    return NeedsAdmin(f"{fault}: {sentence_of(refusal.body)}", remedy="Please pass this on to support.", fault=fault)


def sentence_of(body: Mapping[str, Any]) -> str:
    """Return HubSpot's sentence without the values that were sent to it.

    ``Property values were not valid: [{…}]`` carries JSON inside its text; of that only the
    property's name and the error's name are kept.
    """
    message = body.get("message")
    if not isinstance(message, str) or not message:
        return "HubSpot gave no reason."
    match = _REFUSED.match(message)
    if match is None:
        return _ADDRESS.sub("…", message.split("\n", 1)[0])[:300]
    named = ", ".join(_named_causes(message[message.index("[{") :]))
    return f"{match.group(1)}: {named or 'no details'}."


def _named_causes(text: str) -> Iterator[str]:
    try:
        causes = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    for cause in causes:
        if isinstance(cause, dict):
            yield f"{cause.get('name', 'a property')} ({cause.get('error', 'not accepted')})"


def _forbidden(refusal: Refusal) -> MissingPermission:
    wanted = " or ".join(_scopes(refusal))
    if wanted:
        sentence, remedy = f"HubSpot says that the permission {wanted} is missing.", REINSTALL
    else:
        sentence, remedy = "HubSpot does not offer this to the account.", "It takes another HubSpot subscription."
    return MissingPermission(sentence, remedy=remedy, fault=refusal.fault())


def _scopes(refusal: Refusal) -> list[str]:
    wanted: set[str] = set()
    for error in rows(refusal.body, "errors"):
        named = part(error, "context").get("requiredGranularScopes")
        wanted.update(map(str, named) if isinstance(named, list) else ())
    return sorted(wanted)
