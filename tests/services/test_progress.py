"""Rate and time left are told as far as they are known, also where a vendor's count is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from connector.errors import RetryLater
from connector.services.reports.run import StageRow, run_report
from connector.store.session import Store
from tests.world import world

PAGES, PER_PAGE, SECONDS = 8, 50, 10


def reading(store: Store, counts: Mapping[str, int | None], stops_at: int) -> StageRow:
    """Let streams of people and clicks say how many they have, and look when so many pages of people are read."""
    line = world(store)
    streams = {name: [replace(page, expected=None) for page in line.crm.pages[name]] for name in counts}
    for name, told in counts.items():
        streams[name][0] = replace(streams[name][0], expected=told)
    line.crm.pages = streams
    seen = 0

    def pass_time(operation: str) -> None:
        nonlocal seen
        if operation == "read people":
            if seen == stops_at:
                raise RetryLater("Stop here.")
            seen += 1
            line.clock.sleep(SECONDS)

    line.crm.trouble = pass_time
    tenant_id = line.install().tenant_id
    line.work(2)
    with store.reading() as session:
        report = run_report(session, tenant_id, line.clock.now())
    assert report
    return next(stage for stage in report.stages if stage.name == "sync")


def test_a_right_count_tells_when_it_ends(store: Store) -> None:
    """Half of the people in half of the time."""
    stage = reading(store, {"people": PAGES * PER_PAGE}, PAGES // 2)
    assert (stage.progress.done, stage.progress.expected, stage.at_least) == (200, 400, False)
    assert stage.remaining == timedelta(seconds=SECONDS * PAGES / 2)


@pytest.mark.parametrize("told", [None, 0, 120])
def test_a_count_that_is_too_small_is_not_believed(store: Store, told: int | None) -> None:
    """More was read already: how much is left nobody knows, and nobody says "about no time"."""
    stage = reading(store, {"people": told}, PAGES // 2)
    assert (stage.progress.expected, stage.at_least, stage.remaining) == (200, True, None)


def test_a_stream_that_has_not_told_its_size_makes_it_at_least(store: Store) -> None:
    """What is known is said, as a lower bound."""
    stage = reading(store, {"people": PAGES * PER_PAGE, "clicks": 1_000}, PAGES // 2)
    assert stage.at_least
    assert stage.remaining == timedelta(seconds=SECONDS * PAGES / 2)


def test_a_count_that_was_too_large_ends_with_the_stream(store: Store) -> None:
    """What was read to its end is complete, whatever the vendor counted."""
    stage = reading(store, {"people": 5_000}, PAGES)
    assert (stage.progress.done, stage.progress.expected, stage.at_least) == (400, 400, False)
