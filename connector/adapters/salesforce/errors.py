"""Salesforce's refusals → the error tree.

An error body is a JSON array of ``{message, errorCode, fields}``; OAuth endpoints answer
``{error, error_description}``, a gateway HTML. There is no 429 and no Retry-After: both
the daily allowance and the cap on concurrent requests are a 403
``REQUEST_LIMIT_EXCEEDED`` and differ by their message (REST guide, "Status Codes and
Error Responses").
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from connector.errors import ConnectorError, Disconnected, MissingPermission, NeedsAdmin, RetryLater, VendorFault

VENDOR = "Salesforce"
UNAUTHORIZED = 401
FORBIDDEN = 403
NOT_FOUND = 404
THROTTLED = "REQUEST_LIMIT_EXCEEDED"
INVALID_SESSION = "INVALID_SESSION_ID"
INVALID_FIELD = "INVALID_FIELD"

PASSING_STATUSES = frozenset({0, 408, 500, 502, 503, 504})
"""Statuses worth a new try; 0 stands for no or an unreadable answer."""

PASSING_CODES = frozenset(
    {"UNABLE_TO_LOCK_ROW", "UNKNOWN_EXCEPTION", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT", "REQUEST_RUNNING_TOO_LONG"}
)
PERMISSION_CODES = frozenset(
    {"INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY", "INVALID_TYPE", "INVALID_TYPE_FOR_OPERATION"}
)
"""The user may not see or change the object, which then looks as if it did not exist."""

API_OFF = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED"})

RECONNECT = "Connect the Salesforce org again."
DAY_PAUSE = 1800.0
"""Seconds between tries while the org's daily requests are used up; the allowance is a rolling one."""

_ADDRESS = re.compile(r"\S+@\S+")
_QUOTED = re.compile(r"[\"'“‘][^\"'”’]*[\"'”’]")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Salesforce said instead of a 2xx, with nothing of the request in it."""

    operation: str
    status: int
    code: str = ""
    message: str = ""

    @property
    def throttled(self) -> bool:
        """Tell whether a limit was reached."""
        return self.code == THROTTLED

    @property
    def day_is_spent(self) -> bool:
        """Tell whether it is the daily allowance, which no short wait brings back."""
        return self.throttled and "ConcurrentRequests" not in self.message

    @property
    def passing(self) -> bool:
        """Tell whether the same request may succeed in a moment."""
        if self.throttled:
            return not self.day_is_spent
        return self.status in PASSING_STATUSES or self.code in PASSING_CODES

    @property
    def unauthorized(self) -> bool:
        """Tell whether the token was refused; userinfo says so in a 403 of plain text."""
        return self.status == UNAUTHORIZED or self.code == INVALID_SESSION or "Bad_OAuth_Token" in self.message

    def fault(self) -> VendorFault:
        """Return what is worth keeping."""
        return VendorFault(VENDOR, self.operation, self.status, self.code)

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait before try number ``attempt`` + 1, without jitter."""
        if self.day_is_spent:
            return DAY_PAUSE
        return 5.0 * attempt if self.throttled else 0.5 * 2.0 ** (attempt - 1)


def parse_refusal(operation: str, status: int, content: object) -> Refusal:
    """Return the refusal in ``content``: parsed JSON, or the text of something else."""
    first: Any = content[0] if isinstance(content, list) and content else content
    if isinstance(first, dict):
        code = first.get("errorCode") or first.get("statusCode") or first.get("error") or ""
        message = first.get("message") or first.get("error_description") or ""
        return Refusal(operation, status, str(code), str(message))
    known = "Bad_OAuth_Token"
    return Refusal(operation, status, message=known if isinstance(first, str) and known in first else "")


def classify(refusal: Refusal) -> ConnectorError:
    """Return the error that says what to do about ``refusal`` once no more tries are left."""
    fault = refusal.fault()
    if refusal.throttled or refusal.passing:
        return _later(refusal)
    if refusal.unauthorized:
        return Disconnected("Salesforce no longer accepts this org's permission.", remedy=RECONNECT, fault=fault)
    if refusal.code in API_OFF:
        return NeedsAdmin(
            "The API is switched off for this Salesforce org or user.",
            remedy="Give the connected user the permission API Enabled; the edition must include API access.",
            fault=fault,
        )
    if refusal.status == FORBIDDEN and not refusal.code:
        # Salesforce's own says why. Taken for a missing permission, a firewall's page would silently end a stream.
        return RetryLater("Something before Salesforce refuses this server.", after_seconds=DAY_PAUSE, fault=fault)
    if refusal.code in PERMISSION_CODES or refusal.status == FORBIDDEN:
        return MissingPermission(
            f"The connected Salesforce user may not do this ({refusal.operation}).",
            remedy="Give the user access to the object by a permission set.",
            fault=fault,
        )
    return NeedsAdmin(f"{fault}: {sentence(refusal.message)}", remedy="Please pass this on to support.", fault=fault)


def _later(refusal: Refusal) -> RetryLater:
    fault = refusal.fault()
    if refusal.day_is_spent:
        return RetryLater("The Salesforce org's daily API requests are used up.", after_seconds=DAY_PAUSE, fault=fault)
    if refusal.throttled:
        return RetryLater("The Salesforce org runs too many long requests.", after_seconds=15.0, fault=fault)
    return RetryLater(f"{fault}.", after_seconds=max(5.0, refusal.pause(1)), fault=fault)


def sentence(message: str) -> str:
    """Return Salesforce's sentence without quoted values and addresses, which may be the lead's."""
    first = message.strip().split("\n", 1)[0]
    if not first:
        return "Salesforce gave no reason."
    return _QUOTED.sub(_unless_field, _ADDRESS.sub("…", first))[:300]


def _unless_field(quoted: re.Match[str]) -> str:
    """Keep the name of a custom field, which the admin has to know."""
    return quoted.group() if re.fullmatch(r".\w+__c.", quoted.group()) else "…"
