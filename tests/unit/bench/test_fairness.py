"""The fluid that turns are compared with."""

from __future__ import annotations

import pytest

from tests.bench.engine.fairness import fluid


def test_all_with_work_share_evenly_and_nobody_has_two_workers() -> None:
    """Alone each has one worker; three on two workers have two thirds each until one is done."""
    assert fluid([(0.0, 10.0)], 4, 5.0) == [5.0]
    assert fluid([(0.0, 2.0), (0.0, 100.0), (0.0, 100.0)], 2, 3.0) == pytest.approx([2.0, 2.0, 2.0])
    assert fluid([(0.0, 2.0), (0.0, 100.0), (0.0, 100.0)], 2, 5.0) == pytest.approx([2.0, 4.0, 4.0])


def test_who_comes_later_shares_from_then_on() -> None:
    """And what nobody could have been served is not counted."""
    assert fluid([(0.0, 100.0), (4.0, 100.0), (9.0, 1.0)], 1, 8.0) == pytest.approx([6.0, 2.0, 0.0])
