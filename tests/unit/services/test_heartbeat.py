"""What beats in the background: again and again, never after the block, and not once where the work is short."""

from __future__ import annotations

import threading

import pytest

from connector.services.heartbeat import heartbeat

SOON, NEVER, PATIENCE_SECONDS = 0.005, 3600.0, 30.0


def test_it_beats_until_the_block_ends() -> None:
    """Several times, and whoever leaves the block finds no beat under way."""
    three, busy, beats = threading.Event(), threading.Event(), []

    def beat() -> bool:
        busy.set()
        beats.append(1)
        if len(beats) >= 3:
            three.set()
        busy.clear()
        return True

    with heartbeat("test", SOON, beat):
        assert three.wait(PATIENCE_SECONDS)
    assert not busy.is_set()
    ended = len(beats)
    threading.Event().wait(SOON * 10)
    assert len(beats) == ended


def test_a_beat_under_way_is_waited_for() -> None:
    """It may hold a transaction: what follows the block must not meet it."""
    begun, go_on, done = threading.Event(), threading.Event(), []

    def beat() -> bool:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        done.append(1)
        return True

    with heartbeat("test", SOON, beat):
        assert begun.wait(PATIENCE_SECONDS)
        threading.Timer(SOON, go_on.set).start()
    assert done == [1]


def test_it_stops_when_a_beat_says_so() -> None:
    """As of work that another worker holds by now."""
    beaten = threading.Event()
    beats = []

    def beat() -> bool:
        beats.append(1)
        beaten.set()
        return False

    with heartbeat("test", SOON, beat):
        assert beaten.wait(PATIENCE_SECONDS)
        threading.Event().wait(SOON * 10)
    assert beats == [1]


def test_short_work_is_not_held_up() -> None:
    """Neither the beat nor its thread is waited for, also where the block fails."""
    with pytest.raises(ValueError, match="work"), heartbeat("test", NEVER, lambda: pytest.fail("beaten")):
        raise ValueError("work")
