"""How fast the past grows old: rows may weigh half as much with every so many days.

Prices, products and markets change, and then old rows say what does not hold any more. How fast that goes differs
between tenants, and a tenant whose world stands still loses rows for nothing. So the newest conversions that have
matured are asked: logistic regressions that forget at different speeds learn from what had matured before them. A
quicker one is taken where it ranks the window surely better. What serves then forgets alike, whatever its form; what
is tried on the test rows forgets as their own past, and nothing later, advised.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from scoring.models import Training
from scoring.newest import Newest

HALF_LIVES: Final = (365, 90)
"""In days. Slower than a year is hardly told from never; quicker than a quarter leaves few rows."""


def half_life(asked: Newest | None) -> int | None:
    """Return after how many days a row weighs half; None: never less, or too little is known to say."""
    if asked is None:
        return None
    quicker = [asked.learned(str(days), faded(asked.fold.train, days)) for days in HALF_LIVES]
    best = asked.surely(quicker)
    return int(best.name) if best in quicker else None


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
