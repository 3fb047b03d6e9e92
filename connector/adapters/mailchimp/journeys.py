"""The opt-in to a nurture journey: who enters the High-Intent band is added to an automation flow of the owner's.

Adding somebody can't be taken back and is not idempotent. The tag is the mark of it: only a contact whom we have
just given the tag, who did not have it before, is added. Whatever fails afterwards is not repeated, so that
nobody is added twice for one entry, and somebody may not be added at all: then it is said.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connector.adapters.contract import Option
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import Call, journeys

JOURNEY, AUDIENCE = "nurture_journey", "nurture_audience"
_ADDRESS = r"(?:https://[A-Za-z0-9.-]+(?:/3\.0)?)?/customer-journeys/journeys/([0-9]{1,18})/steps/([0-9]{1,18})/actions/trigger"

OPTIONS: Mapping[str, Option] = {
    JOURNEY: Option(
        "Nurture journey",
        "Each subscribed contact is added to this automation flow at the moment when their lead becomes High-Intent. "
        "What the flow then sends is yours to answer for: its content, its frequency, and the contacts' consent.",
        _ADDRESS,
        "The address that Mailchimp shows in the flow's step “Customer Journeys API”.",
    ),
    AUDIENCE: Option(
        "Audience of the nurture journey",
        "Needed where the account has several audiences: contacts of the others are not added.",
        r"[0-9a-z]{4,32}",
        "The audience's ID, from Audience → Settings → Audience name and defaults.",
    ),
}

NO_AUDIENCE = "Not added to the nurture journey: say in the options which audience it belongs to."
NO_ANSWER = "Perhaps not added to the nurture journey: Mailchimp did not confirm it, and a second try might add twice."


@dataclass(frozen=True, slots=True)
class Journey:
    """Where contacts are added: a step of a flow, of the contacts of one audience (None: of any)."""

    journey_id: int
    step_id: int
    list_id: str | None

    def call(self, address: str) -> Call:
        """Return the call that adds a contact."""
        found: Call = journeys.trigger(self.journey_id, self.step_id, {"email_address": address})
        return found


def journey_of(audiences: Audiences) -> Journey | None:
    """Return the journey that the admin chose, None where they chose none."""
    chosen = re.fullmatch(_ADDRESS, audiences.access.options.get(JOURNEY, ""))
    if chosen is None:
        return None
    return Journey(int(chosen[1]), int(chosen[2]), audiences.access.options.get(AUDIENCE) or None)
