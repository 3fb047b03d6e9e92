"""Deliveries within deliveries, deaths, lost answers and clocks that run on: the CRM ends with the newest score."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.errors import RetryLater
from connector.services.opening import open_adapter
from connector.store.session import Store
from tests.services.delivering import Desk, desk
from tests.services.test_delivery import Died

EXAMPLES = 14
DEEPEST = 3

ACTIONS = st.sampled_from(
    ["go on", "go on", "newer score", "older score", "other delivery", "die", "no answer", "lease runs out"]
)
"""What happens when a delivery is about to ask the CRM something, and when the CRM has done it."""


class Story:
    """One record's story: each call of the CRM takes the next action of the plan."""

    def __init__(self, at: Desk, record_id: int, plan: list[str]) -> None:
        self.at, self.record_id, self.plan = at, record_id, plan
        self.depth = self.written = 0
        self.newest = (-1.0, 0)
        self.outrun = False
        self.numbers = itertools.count(1)
        at.world.crm.trouble = self.happen

    def score(self, age: float = 0.0) -> None:
        """Queue another score, each at least a step from all others."""
        number = next(self.numbers)
        instant = self.at.world.clock.monotonic() - age
        self.newest = max(self.newest, (instant, number))
        self.at.queue(f"{number}.0", self.record_id, age=age)

    def happen(self, operation: str) -> None:
        """Do the next action at a call of the CRM."""
        if operation not in ("write", "written", "read scores") or not self.plan:
            return
        action = self.plan.pop(0)
        if action == "newer score":
            self.score()
        elif action == "older score":
            self.score(age=1000.0)
        elif action == "other delivery" and self.depth < DEEPEST:
            self.deliver()
        elif action == "lease runs out":
            self.outrun = True
            self.at.world.clock.sleep(31)
        elif action == "die":
            raise Died
        elif action == "no answer":
            raise RetryLater("The line went dead.")

    def deliver(self) -> bool:
        """Let a delivery come to its end, whatever that is; tell whether nothing waits any more."""
        self.depth += 1
        try:
            self.at.deliver(self.record_id, realtime=self.depth % 2 == 0)
        except (Died, RetryLater):
            return False
        finally:
            self.depth -= 1
        return True

    def end(self) -> None:
        """Go on in peace until nothing waits."""
        self.plan = []
        for _ in range(6):
            if self.deliver():
                return
            self.at.world.clock.sleep(60)
        raise AssertionError("something waits for ever")


@pytest.fixture
def at(store: Store) -> Desk:
    """An account with a record for each story."""
    return desk(store, count=EXAMPLES * 3)


def test_the_crm_ends_with_the_newest_score_whatever_happens_on_the_way(at: Desk) -> None:
    """It is asked until that is known; and while no lease was outrun nothing was written twice."""
    fresh = iter(range(1, EXAMPLES * 3))

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(st.one_of(ACTIONS), min_size=3, max_size=12))
    def holds(plan: list[str]) -> None:
        story = Story(at, next(fresh), list(plan))
        before = len(at.world.crm.sent)
        story.score()
        while story.plan:
            story.deliver()
            story.score(age=1000.0 if len(story.plan) % 2 else 0.0)
            at.world.clock.sleep(20)
        story.end()
        name = at.vendor_id(story.record_id)
        adapter = open_adapter(at.world.services, at.connection_id)
        assert adapter.read_scores([name])[name]["lead_score"] == f"{story.newest[1]}.0"
        assert at.status(story.record_id) == "delivered"
        written = at.world.crm.sent[before:]
        assert story.outrun or len(written) == len(set(written))

    holds()
