"""How fast the past grows old: rows may weigh half as much with every so many days.

Prices, products and markets change, and then old rows say what does not hold any more. How fast that goes differs
between tenants, and a tenant whose world stands still loses rows for nothing. So the newest conversions that have
matured are asked: logistic regressions that forget at different speeds learn from everybody else. A quicker one is
taken where it surely ranks those better. What serves then forgets alike, whatever its form; what is tried on the test
rows forgets as their own past, and nothing later, advised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from scoring.models import Training
from scoring.models.choose import SEARCH_ROWS
from scoring.models.rungs import Candidate
from scoring.newest import Newest
from scoring.splits import Mask

HALF_LIVES: Final = (365, 90, 45, 20)
"""In days. Slower than a year is hardly told from never."""
LEFT: Final = 60
"""Converting leads that must be left, as they weigh then: fewer teach too little, however well they fit the day."""
FAINT: Final = 6
"""Rows that are older than so many half-lives are not looked at while half-lives are tried: each weighs under 2 %."""


def half_life(asked: Newest | None) -> int | None:
    """Return after how many days a row weighs half; None: never less, or too little is known to say."""
    if asked is None:
        return None
    quicker = [_tried(asked, days) for days in HALF_LIVES if float(np.exp2(-asked.ages / days).sum()) >= LEFT]
    better = [one for one in quicker if asked.surely([one]) is one]
    return int(max(better, key=asked.area).name) if better else None


def _tried(asked: Newest, days: int) -> Candidate:
    def forgetful(train: Training, others: Mask) -> Training:
        whole = asked.whole
        if whole.day is None:
            return train
        seen = others & (whole.day >= float(whole.day[others].max()) - FAINT * days)
        return faded(whole.where(seen).sampled(SEARCH_ROWS), days)

    return asked.learned(str(days), forgetful)


def faded(rows: Training, days: int | None) -> Training:
    """Return the rows, each weighing half for every ``days`` that the newest is younger; None: as they are."""
    if days is None or rows.day is None or not rows.day.size:
        return rows
    newest = float(rows.day.max())
    return _weighed(replace(rows, young=rows.young and _weighed(rows.young, newest, days)), newest, days)


def _weighed(rows: Training, newest: float, days: int) -> Training:
    if rows.day is None:
        return rows
    return replace(rows, weight=rows.weight * 2.0 ** ((rows.day - newest) / days))


def sentence(days: int) -> str:
    """Say it on the model's card."""
    return (
        f"What happened long ago counts less: a row weighs half for every {days} days of age. "
        "So the newest leads with a known outcome were surely ranked better."
    )
