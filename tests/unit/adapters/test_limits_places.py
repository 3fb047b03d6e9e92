"""A place in a window belongs to the request that took it, whatever becomes of its worker."""

from __future__ import annotations

from connector.adapters.windows import LONGEST_REQUEST, Windows
from tests.unit.adapters.clocks import VirtualClock
from tests.unit.adapters.places import FULL, KEY, SECONDS, ask, passing, taken

Memory = tuple[Windows, VirtualClock]
LONGEST = LONGEST_REQUEST + SECONDS


def test_places_of_a_worker_that_died_come_back_while_others_go_on(memory: Memory) -> None:
    """A busy account is never without a request under way; what nobody settles must not hide behind those."""
    windows, clock = memory
    assert taken(windows, ask("of the dead"))
    assert taken(windows, ask("others 0"))
    for number in range(20):
        clock.sleep(LONGEST / 20)
        assert taken(windows, ask(f"others {number + 1}"))
        windows.settle(KEY, f"others {number}", SECONDS)
    windows.settle(KEY, "others 20", SECONDS)
    clock.sleep(SECONDS + 0.01)
    assert passing(windows) == FULL


def test_who_stood_still_for_long_ends_nobody_elses_request(memory: Memory) -> None:
    """Its own place is another's by then; that one's request may be on its way yet."""
    windows, clock = memory
    assert taken(windows, ask("stands still"))
    clock.sleep(LONGEST + 0.01)
    assert taken(windows, ask("on its way"))
    windows.settle(KEY, "stands still", SECONDS)
    clock.sleep(SECONDS + 0.01)
    assert passing(windows) == FULL - 1


def test_what_is_settled_after_its_place_was_lost_counts_from_then(memory: Memory) -> None:
    """The shared memory was emptied while a request was on its way: the vendor may have counted it just now."""
    windows, clock = memory
    windows.settle(KEY, "taken before", SECONDS)
    assert passing(windows) == FULL - 1
    clock.sleep(SECONDS + 0.01)
    assert passing(windows) == FULL
