"""The sandbox's Mailchimp as data: one account with all that it holds, and who may reach it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.sandbox.config import MailchimpAccount
from connector.sandbox.mailchimp.audience import Audience, stable_id
from connector.sandbox.mailchimp.grants import Grants
from connector.sandbox.mailchimp.notices import Notices
from connector.sandbox.mailchimp.problems import not_found
from connector.sandbox.mailchimp.records import Campaign, FlowStart, Job, Journey, Store
from connector.sandbox.state import Stage

MAIN = "Customers and leads"
SECOND = "Partners"
JOURNEY = (7, 12)
"""Journey and step that every account has at first, turned on, for the main audience."""


@dataclass(slots=True)
class Hub:
    """Everything that the endpoints share.

    ``truth``: contact id → true chance to convert, for open leads of a generated population.
    """

    stage: Stage
    account: MailchimpAccount
    grants: Grants
    notices: Notices
    audiences: dict[str, Audience] = field(default_factory=dict)
    campaigns: dict[str, Campaign] = field(default_factory=dict)
    stores: dict[str, Store] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    journeys: dict[tuple[int, int], Journey] = field(default_factory=dict)
    automations: list[dict[str, Any]] = field(default_factory=list)
    flow_starts: list[FlowStart] = field(default_factory=list)
    truth: dict[str, float] = field(default_factory=dict)
    as_of: datetime | None = None
    tenant: dict[str, object] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(501))

    def now_ms(self) -> int:
        """Return the sandbox's time in epoch milliseconds."""
        return self.stage.clock.now_ms()

    def new_number(self) -> int:
        """Return the account's next number."""
        return next(self._numbers)

    def add_audience(self, name: str, at_ms: int) -> Audience:
        """Add an empty audience."""
        number = self.new_number()
        audience = Audience(stable_id(10, self.account.account_id, number), number, name, at_ms)
        self.audiences[audience.list_id] = audience
        return audience

    def audience(self, list_id: str) -> Audience:
        """Return an audience; raise 404."""
        found = self.audiences.get(list_id)
        if found is None:
            raise not_found()
        return found

    @property
    def main(self) -> Audience:
        """The first audience."""
        return next(iter(self.audiences.values()))


def build_hub(stage: Stage) -> Hub:
    """Return a hub with two empty audiences."""
    config = stage.config
    grants = Grants(config.app, config.oauth, stage.clock)
    hub = Hub(stage, config.mailchimp, grants, Notices(config.webhooks, stage.clock))
    for name in (MAIN, SECOND):
        hub.add_audience(name, stage.clock.now_ms())
    hub.journeys[JOURNEY] = Journey(*JOURNEY, hub.main.list_id)
    return hub
