"""What thresholds bring is what became of the judged leads, each counted once."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from scoring.scoremap import ScoreMap
from scoring.thresholds import thresholds
from scoring.tiers import Tiers

TIERS = Tiers(700, 500)
MAP = ScoreMap(0.0)


def rows(leads: list[int], label: list[int], weight: list[float] | None = None) -> pl.DataFrame:
    """Snapshots of these leads, of no companies."""
    return pl.DataFrame(
        {"lead_id": leads, "label": label, "weight": weight or [1.0] * len(leads)},
    ).with_columns(company_key=pl.lit(None, dtype=pl.String))


def odds(tenths: list[int]) -> np.ndarray[Any, Any]:
    """The log-odds of scores."""
    share = np.array(tenths) / 1_000
    return np.log(share / (1 - share))


def at(found: dict[str, Any], tenths: int) -> dict[str, Any]:
    """The point of a threshold."""
    return next(point for point in found["points"] if point["tenths"] == tenths)


def test_a_lead_counts_once_and_from_when_it_reached_the_threshold() -> None:
    """Forty leads: twenty reach 800 at their second snapshot, ten of them convert after it; of the rest two do."""
    leads = [*range(40), *range(20)]
    label = [0] * 20 + [1] * 2 + [0] * 18 + [1] * 10 + [0] * 10
    tenths = [300] * 40 + [800] * 20
    found = thresholds(rows(leads, label), odds(tenths), MAP, TIERS)
    high = at(found, 800)
    assert (high["leads"], high["won"]) == (20, 10)
    assert high["precision"]["value"] == 0.5
    assert high["precision"]["low"] < 0.5 < high["precision"]["high"]
    assert high["rest"]["value"] == 0.1
    assert high["found"]["value"] == round(10 / 12, 6)
    every = at(found, 300)
    # At the lowest threshold everybody counts from their first snapshot.
    assert (every["leads"], every["won"], every["rest"]) == (40, 2, None)
    assert (found["base"], found["high"]) == (0.0, 700)


def test_weights_count_and_companies_share_their_fate() -> None:
    """A weight of three is three leads; leads of one company make the interval wider."""
    one = rows(list(range(40)), [1] * 20 + [0] * 20, [3.0] * 20 + [1.0] * 20)
    alone = at(thresholds(one, odds([600] * 40), MAP, TIERS), 600)["precision"]
    assert alone["value"] == 0.75
    shared = one.with_columns(company_key=pl.Series(["a", "b", "c", "d"] * 10))
    together = at(thresholds(shared, odds([600] * 40), MAP, TIERS), 600)["precision"]
    assert together["high"] - together["low"] > alone["high"] - alone["low"]


def test_of_few_or_no_leads_nothing_is_told() -> None:
    assert thresholds(rows(list(range(9)), [1] * 9), odds([600] * 9), MAP, TIERS)["points"] == []
    assert thresholds(rows([], []), odds([]), MAP, TIERS)["points"] == []


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 999), st.booleans()), min_size=1, max_size=120))
def test_every_point_is_a_share_with_its_interval_and_they_rise(told: list[tuple[int, int, bool]]) -> None:
    leads, tenths, label = (list(part) for part in zip(*told, strict=True))
    found = thresholds(rows(leads, [int(one) for one in label]), odds(tenths), MAP, TIERS)["points"]
    cuts = [point["tenths"] for point in found]
    assert cuts == sorted(set(cuts))
    for point in found:
        assert 0 <= point["won"] <= point["leads"] <= len(set(leads))
        for part in ("precision", "rest", "found"):
            if point[part]:
                assert 0 <= point[part]["low"] <= point[part]["value"] <= point[part]["high"] <= 1
