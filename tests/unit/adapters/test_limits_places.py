"""A place in a window belongs to the request that took it, whatever becomes of its worker."""

from __future__ import annotations

from dataclasses import replace

from connector.adapters.windows import LONGEST_REQUEST, Ask, Rank, Windows
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


def test_what_ends_somebodys_wait_passes_before_what_begins_anothers(memory: Memory) -> None:
    """A value on its way to the CRM, then what real-time work reads, then bulk work, whoever came first."""
    windows, clock = memory
    assert passing(windows, realtime=True) == FULL
    clock.sleep(SECONDS - 0.5)
    waiting = [ask(rank.name, rank=rank) for rank in (Rank.BULK, Rank.REALTIME, Rank.ENDING)]
    assert all(windows.take(each) > 0 for each in waiting)
    clock.sleep(0.51)
    passed = []
    while waiting:
        (first,) = [each for each in waiting if windows.take(_narrowed(each)) == 0]
        waiting.remove(first)
        passed.append(first.waiter)
        # At once free again for the next.
        windows.settle(KEY, first.waiter, 0.0)
        clock.sleep(0.01)
    assert passed == [Rank.ENDING.name, Rank.REALTIME.name, Rank.BULK.name]


def _narrowed(wanted: Ask) -> Ask:
    """The same, where there is one place in all."""
    return replace(wanted, full=1, limit=1)
