"""A Mailchimp account with people to whom scores are written again and again, as the store would have it done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from connector.adapters.contract import CrmAdapter
from connector.adapters.mailchimp.score_writes import ONE_BY_ONE
from connector.records import Grant, ScoreValues, ScoreWrite, Tier, WriteOutcome
from connector.sandbox.mailchimp import changes
from tests.contract.mailchimp_world import MailchimpWorld

MANY = ONE_BY_ONE + 30
DAY = 86_400


class Filled:
    """An account with people, prepared for scores longer than a day ago."""

    def __init__(self, world: MailchimpWorld, people: int) -> None:
        self.world = world
        with world.sandbox.stage.lock:
            self.people = [world.add_member(f"p{number}@example.com") for number in range(people)]
        self.grant: Grant = world.install()
        self.names = world.connect(self.grant).ensure_score_fields()
        self.marks: dict[str, Mapping[str, str]] = {}
        self.messages: list[str] = []
        world.clock.sleep(2 * DAY)

    @property
    def adapter(self) -> CrmAdapter:
        return self.world.connect(self.grant, self.names)

    def writes(self, tiers: Sequence[Tier], score: str = "80") -> list[ScoreWrite]:
        """Return a write to each of the people, their tiers taken in turn."""
        at = datetime(2026, 3, 2, tzinfo=UTC)
        values = ScoreValues(Decimal(score), Decimal("0.8"), Tier.LOW, ("Because.",), "model_v20260302", at)
        ids = [self.world.record_of(member) for member in self.people]
        return [
            ScoreWrite(key, replace(values, tier=tiers[number % len(tiers)]), self.marks.get(key, {}))
            for number, key in enumerate(ids)
        ]

    def write(self, *tiers: Tier, score: str = "80") -> list[WriteOutcome]:
        """Write to all people, keep what is to be kept of them, and return what became of it."""
        results = self.adapter.write_scores(self.writes(tiers, score))
        self.marks |= {result.record_id: result.marks for result in results if result.marks is not None}
        self.messages = [result.message for result in results]
        return [result.outcome for result in results]

    def tagged(self) -> list[bool]:
        """Return who has the tag."""
        segment = self.world.main.tag("High-Intent")
        return [segment is not None and segment.segment_id in member.tags for member in self.people]

    def scores(self) -> list[object]:
        """Return the scores as Mailchimp holds them."""
        return [member.merge.get("LEADSCORE") for member in self.people]

    def untag(self, *numbers: int) -> None:
        """Take the tag away from some people, as a user would."""
        for number in numbers:
            changes.untag(self.world.hub, self.people[number], "High-Intent")

    def flows(self, by: str) -> list[str]:
        """Return the addresses that entered automation flows by a tag or a journey, in that order."""
        names = {
            member.contact_id: member.email for each in self.world.hub.audiences.values() for member in each.members()
        }
        return [names[start.contact_id] for start in self.world.hub.flow_starts if start.by == by]

    def asked(self, method: str, path: str) -> int:
        """Return how many requests there were of this kind."""
        entries = self.world.sandbox.stage.log.entries()
        return sum(entry.method == method and path in entry.path for entry in entries)

    def forget_requests(self) -> None:
        self.world.sandbox.stage.log.clear()
