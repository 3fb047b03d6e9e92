"""How much of the past is learned from: rows may weigh less with every day, or those who came before a day be left out.

Prices, products and markets change, and then old rows say what does not hold any more. How fast that goes differs
between tenants, and a tenant whose world stands still loses rows for nothing. So the newest conversions that have
matured are asked: logistic regressions that forget otherwise learn from everybody else. Where any of them surely
foretells those better (paired log-loss, by company), the one that foretells them best is followed. What serves then
forgets alike, whatever its form; what is tried on the test rows forgets as their own past, and nothing later, advised.

A change from one day to the next is best met by a window: who came before it says nothing, also of those who are still
open. A slow one, or one that reaches all who are open, is met by a half-life of rows.

What one training has found out the next one does not forget for want of proof: a window goes on to begin on the same
day, and costs less with every day that it grows, until something is surely better or it foretells worse than all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from scoring.metrics import Floats
from scoring.models import Training, logistic
from scoring.models.blend import BlendRecipe
from scoring.models.choose import SEARCH_ROWS
from scoring.models.contract import Recipe
from scoring.models.rungs import Candidate
from scoring.newest import Newest
from scoring.splits import Mask

HALF_LIVES: Final = (365, 90, 45, 20)
"""In days. Slower than a year is hardly told from never."""
WINDOWS: Final = (240, 170, 120, 85, 60, 42, 30, 21)
"""In days before the newest row; each about 1.4 times the next, so that a change lies close to the end of one."""
LEFT: Final = 60
"""Converting leads that must be left, as they weigh then: fewer teach too little, however well they fit the day."""
FAINT: Final = 6
"""Rows that are older than so many half-lives are not looked at while half-lives are tried: each weighs under 2 %."""
PENALTY: Final = 0.01
"""Of regressions that forget: the middle one of the candidates. What remembers all gets the best for it, and after a
change that is the strictest, since what it has learned is wrong. As strict, half-lives show most surely that something
changed, but nothing that forgets fast could show how much it has learned."""
SURE: Final = 1.645
"""Standard errors by which one of them must foretell the window better: 95 %, one-sided."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Rows weigh half for every ``half_life`` days of age; leads that came over ``window`` days before the newest row
    teach nothing. At most one of them is set; neither: all rows weigh alike.

    ``penalty``: that of the regression that foretold best by it; None: the recipe's own.
    """

    half_life: int | None = None
    window: float | None = None
    penalty: float | None = None

    def spans(self, came: Floats, newest: float) -> Mask:
        """Which rows teach anything, by when their leads ``came`` (days); ``newest``: the newest row's day."""
        found: Mask = came >= newest - (np.inf if self.window is None else self.window)
        return found

    def freed(self, recipe: Recipe) -> Recipe:
        """Return a recipe whose regressions are no stricter than the one that foretold best.

        The recipe was chosen on windows from before a change, where the strictest does best, since what it learned is
        wrong: where the past is left behind there is no reason any more to learn as little as that.
        """
        if self.penalty is None:
            return recipe
        if isinstance(recipe, BlendRecipe):
            return replace(recipe, members=tuple(map(self.freed, recipe.members)))
        return logistic.Recipe(max(recipe.penalty, self.penalty)) if isinstance(recipe, logistic.Recipe) else recipe

    @property
    def sentence(self) -> str | None:
        """Say it on the model's card; None where nothing is forgotten."""
        why = "So the newest leads with a known outcome were surely foretold better."
        if self.half_life:
            told = f"a row weighs half for every {self.half_life} days of age"
            return f"What happened long ago counts less: {told}. {why}"
        if self.window:
            told = f"leads that came over {self.window:.0f} days before the newest known outcome teach it nothing"
            return f"What held before no longer does: {told}. {why}"
        return None


def advised(asked: Newest | None, held: float | None = None) -> Memory:
    """How much to remember; all of it where too little is known to say.

    ``held``: the window (days) that begins where the last training's began. Where nothing surely foretells better than
    what remembers all, it stays as long as it foretells no worse.
    """
    if asked is None or asked.whole.day is None:
        return Memory()
    found = [(asked.spared(one), memory) for one, memory in _tried(asked)]
    carried = None
    if held is not None and _narrows(asked, held):
        carried = asked.spared(_narrow(asked, held)), Memory(window=held, penalty=PENALTY)
        found.append(carried)
    if any(spared.loss > SURE * spared.error for spared, _ in found):
        return max(found, key=lambda one: one[0].loss)[1]
    return carried[1] if carried and carried[0].loss >= 0 else Memory()


def _narrows(asked: Newest, days: float) -> bool:
    """Whether a window leaves anybody out, and enough who convert."""
    came = asked.came[np.isfinite(asked.came)]
    oldest = float(came.max() - came.min()) if came.size else 0.0
    return days < oldest and _teaches(asked, days)


def _teaches(asked: Newest, days: float) -> bool:
    return int((asked.since <= days).sum()) >= LEFT


def _tried(asked: Newest) -> Iterator[tuple[Candidate, Memory]]:
    for days in HALF_LIVES:
        if float(np.exp2(-asked.ages / days).sum()) >= LEFT:
            yield from ((_forgetful(asked, days, own), Memory(half_life=days, penalty=own)) for own in (None, PENALTY))
    for days in WINDOWS:
        if _teaches(asked, days):
            yield _narrow(asked, days), Memory(window=days, penalty=PENALTY)


def _forgetful(asked: Newest, days: int, penalty: float | None) -> Candidate:
    def forgetful(train: Training, others: Mask) -> Training:
        whole = asked.whole
        if whole.day is None:
            return train
        seen = others & (whole.day >= float(whole.day[others].max()) - FAINT * days)
        return faded(whole.where(seen).sampled(SEARCH_ROWS), days)

    return asked.learned(str(days), forgetful, penalty)


def _narrow(asked: Newest, days: float) -> Candidate:
    def narrow(train: Training, others: Mask) -> Training:
        whole = asked.whole
        if whole.day is None:
            return train
        seen = others & Memory(window=days).spans(asked.came, float(whole.day[others].max()))
        return whole.where(seen).sampled(SEARCH_ROWS)

    return asked.learned(str(days), narrow, PENALTY)


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
