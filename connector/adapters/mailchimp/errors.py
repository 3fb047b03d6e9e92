"""Mailchimp's refusals → the error tree.

Errors are problem documents (https://mailchimp.com/developer/marketing/docs/errors/), but a throttle
may be an empty 429 or 403, and the firewall in front answers HTML. So the status decides, then the
``title``, never whether a body is JSON. A 403 has four meanings: a role that may not do this and a
disabled account, which last; too many connections and a blocked address, which pass.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.adapters.mailchimp.values import rows
from connector.errors import ConnectorError, Disconnected, MissingPermission, NeedsAdmin, RetryLater, VendorFault

VENDOR = "Mailchimp"
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, THROTTLED = 400, 401, 403, 404, 429
PASSING = frozenset({0, 408, THROTTLED, 500, 502, 503, 504})
"""Statuses worth a new try; 0 stands for no or an unreadable answer."""

REINSTALL = "Connect the Mailchimp account again."
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
"""Seconds of the exponential back-off: no answer of Mailchimp's says how long to wait."""
BLOCKED_PAUSE = 600.0
"""Seconds between tries while the firewall blocks our address."""
HELD_PAUSE = 120.0
"""Seconds for which Mailchimp may go on with a call that we gave up, and hold its connection."""

_DISABLED = re.compile(r"userdisabled|user disabled|account.*(disabled|deactivated)", re.IGNORECASE)
_ADDRESS = re.compile(r"\S+@\S+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """What Mailchimp said instead of a 2xx, with nothing of the request in it.

    ``late``: no answer came in time, and the call may still be running over there. ``page``: the
    body was a page for people.
    """

    operation: str
    status: int
    body: Mapping[str, Any] = field(default_factory=dict)
    late: bool = False
    page: bool = False

    @property
    def title(self) -> str:
        """Return Mailchimp's own name of the error, or an empty string."""
        word = self.body.get("title")
        return word if isinstance(word, str) else ""

    @property
    def blocked(self) -> bool:
        """Tell whether the firewall in front of Mailchimp refused the request."""
        return self.status == FORBIDDEN and self.page

    @property
    def throttled(self) -> bool:
        """Tell whether there were too many connections; under load the answer is an empty 403."""
        return self.status == THROTTLED or (self.status == FORBIDDEN and not self.body and not self.page)

    @property
    def passing(self) -> bool:
        """Tell whether the same request may succeed in a moment."""
        return (self.status in PASSING or self.throttled) and not self.late

    def fault(self) -> VendorFault:
        """Return what is worth keeping; ``instance`` is what Mailchimp's support asks for."""
        return VendorFault(VENDOR, self.operation, self.status, self.title, str(self.body.get("instance") or ""))

    @staticmethod
    def pause(attempt: int) -> float:
        """Return the seconds to wait before try number ``attempt`` + 1, without jitter."""
        return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1))


def classify(refusal: Refusal) -> ConnectorError:
    """Return the error that says what to do about ``refusal`` once no more tries are left."""
    fault = refusal.fault()
    passing = _passing(refusal)
    if passing is not None:
        sentence, seconds = passing
        return RetryLater(sentence, after_seconds=seconds, fault=fault)
    if refusal.status == UNAUTHORIZED:
        return Disconnected("Mailchimp no longer accepts this account's permission.", remedy=REINSTALL, fault=fault)
    if refusal.status == FORBIDDEN:
        return _forbidden(refusal, fault)
    return NeedsAdmin(f"{fault}: {sentence_of(refusal.body)}", remedy="Please pass this on to support.", fault=fault)


def _passing(refusal: Refusal) -> tuple[str, float] | None:
    """Return the sentence and the pause in seconds of a trouble that passes, None for one that lasts."""
    if refusal.late:
        return "Mailchimp took too long to answer.", HELD_PAUSE
    if refusal.throttled:
        return "Mailchimp asks to slow down.", LONGEST_PAUSE
    if refusal.blocked:
        return "Mailchimp's firewall blocks this server's address.", BLOCKED_PAUSE
    return (f"{refusal.fault()}.", 10.0) if refusal.passing else None


def _forbidden(refusal: Refusal, fault: VendorFault) -> NeedsAdmin:
    if _DISABLED.search(f"{refusal.title} {refusal.body.get('detail') or ''}"):
        return NeedsAdmin("Mailchimp has disabled this account.", remedy="Ask Mailchimp to enable it.", fault=fault)
    return MissingPermission(
        "The Mailchimp user who connected this account may not do that.",
        remedy="Let a manager, admin or owner of the account connect it again.",
        fault=fault,
    )


def sentence_of(body: Mapping[str, Any]) -> str:
    """Return Mailchimp's sentence without the addresses and values in it: field errors by name, else the detail."""
    named = [f"{each.get('field') or 'a field'}: {_clean(each.get('message'))}" for each in rows(body, "errors")]
    if named:
        return " ".join(named)[:300]
    return _clean(body.get("detail")) or _clean(body.get("title")) or "Mailchimp gave no reason."


def _clean(message: object) -> str:
    return _ADDRESS.sub("…", str(message or "").split("\n", 1)[0])[:300]
