"""Generated arrivals of a tenant: fifty features with seasons, weekends, slow trends and days of campaigns.

What is drawn of a feature: a number (bell-shaped or skewed) or a flag; for how many it is missing; how it swings over
the year (up to half of its standard deviation either way, every year a little otherwise), at weekends, and how it
creeps from year to year. A dozen times a year a campaign brings guests of its own: at nine o'clock six in ten of those
who come, and e times fewer every six hours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from scoring.monitoring.arrivals import HIGH_INTENT, MISSING, SCORE, SHAPE, Arrivals
from scoring.monitoring.strata import DAY_US, weekend

FEATURES, IMPORTANT = 50, 10
BEGIN = datetime(2024, 1, 1, tzinfo=UTC)
BEGIN_US = int(BEGIN.timestamp()) * 1_000_000
NAMES = (
    *(f"{SHAPE}f{place}" for place in range(FEATURES)),
    *(f"{MISSING}f{place}" for place in range(FEATURES)),
    SCORE,
    HIGH_INTENT,
)
TOP = frozenset(f"{kind}f{place}" for place in range(IMPORTANT) for kind in (SHAPE, MISSING))
Floats = npt.NDArray[np.float64]
Instants = npt.NDArray[np.int64]
Altered = Callable[[Floats, np.random.Generator], Floats]


@dataclass(frozen=True)
class Change:
    """From an instant on (µs) one feature is another: its ``cells`` (before they are cut to flags or bent), or those of
    a draw between 0 and 1 below which it is ``missing``."""

    begins: int
    place: int
    cells: Altered
    missing: bool = False

    def apply(self, at: Instants, hidden: Floats, unknown: Floats, rng: np.random.Generator) -> None:
        """Alter the arrays in place."""
        after, table = at >= self.begins, unknown if self.missing else hidden
        table[after, self.place] = self.cells(table[after, self.place], rng)


@dataclass(frozen=True)
class Traits:
    """Of each feature: 0 bell-shaped, 1 skewed, 2 a flag; where a flag is cut; how often it is missing. And weights."""

    kind: Instants
    cut: Floats
    missing: Floats
    weight: Floats


@dataclass(frozen=True)
class Tenant:
    """One generated tenant; ``a_day``: how many come on a day."""

    seed: int
    a_day: float
    seasonal: bool = True

    def arrivals(self, days: int, change: Change | None = None) -> Arrivals:
        """Those who come in the first ``days`` days. The same seed gives the same people, changed or not."""
        traits, rng = self.traits(), np.random.default_rng([self.seed, 2])
        at = _instants(rng, days, self.a_day)
        hidden = rng.normal(0, 1, (len(at), FEATURES)) + (self._moves(rng, at, days) if self.seasonal else 0.0)
        unknown = rng.random((len(at), FEATURES))
        if change is not None:
            change.apply(at, hidden, unknown, np.random.default_rng([self.seed, 3]))
        log_odds = hidden[:, :IMPORTANT] @ traits.weight / np.sqrt(IMPORTANT) - 2.5
        flags = (hidden > traits.cut).astype(np.float64)
        known = np.where(traits.kind == 0, hidden, np.where(traits.kind == 1, np.exp(0.8 * hidden), flags))
        absent = unknown < traits.missing
        values = np.column_stack(
            [np.where(absent, np.nan, known), absent.astype(np.float64), np.round(10 * log_odds), log_odds > -1.0]
        )
        return Arrivals(at, NAMES, values.astype(np.float64), 1 / (1 + np.exp(-log_odds)), np.arange(len(at)))

    def traits(self) -> Traits:
        """What does not depend on who comes."""
        rng = np.random.default_rng(self.seed)
        missing = np.where(rng.random(FEATURES) < 0.5, rng.uniform(0.01, 0.4, FEATURES), 0.0)
        kind, cut = rng.integers(0, 3, FEATURES), rng.uniform(-1.0, 1.5, FEATURES)
        return Traits(kind, cut, missing, rng.normal(0, 1, IMPORTANT))

    @staticmethod
    def _moves(rng: np.random.Generator, at: Instants, days: int) -> Floats:
        when = (at - BEGIN_US) / DAY_US
        swings = np.where(rng.random(FEATURES) < 0.3, rng.uniform(0.2, 0.5, FEATURES), 0.0)
        turn = rng.uniform(0, 2 * np.pi, FEATURES)
        years = int(days // 365) + 1
        strength, shift = rng.normal(1, 0.1, years), rng.normal(0, 5, years)
        year = (when // 365).astype(int)
        phase = (when - shift[year]) * 2 * np.pi / 365
        moves = np.sin(phase[:, None] + turn) * swings * strength[year][:, None]
        moves += weekend(at)[:, None] * np.where(rng.random(FEATURES) < 0.2, rng.normal(0, 0.5, FEATURES), 0.0)
        moves += (when / 365)[:, None] * np.where(rng.random(FEATURES) < 0.2, rng.normal(0, 0.1, FEATURES), 0.0)
        starts = np.sort(rng.choice(days, max(days * 12 // 365, 1), replace=False)) + 9 / 24
        since = when - starts[np.maximum(np.searchsorted(starts, when) - 1, 0)]
        guests = (since >= 0) & (rng.random(len(at)) < 0.6 * np.exp(-4 * np.maximum(since, 0)))
        moves += guests[:, None] * np.where(rng.random(FEATURES) < 0.2, rng.normal(0, 1, FEATURES), 0.0)
        return np.asarray(moves, dtype=np.float64)


def _instants(rng: np.random.Generator, days: int, a_day: float) -> Instants:
    return np.sort(BEGIN_US + (rng.random(rng.poisson(days * a_day)) * days * DAY_US).astype(np.int64))


def moment(day: float) -> datetime:
    """The instant so many days after the tenant's beginning."""
    return BEGIN + timedelta(days=day)
