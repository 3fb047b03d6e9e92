"""The daily comparison of what comes in with what came in before the training, and in the same season.

*Blocks.* Arrivals are taken by whole days back from the newest, as many as hold 70 leads. A window is the newest two
blocks, four or eight: 100 leads a day are judged by two, four and eight days, ten a day by two, four and eight weeks.

*Compared with what.* A sudden change: far and sure against the month before, and by half as much against the same
season a year ago (where that is known; else the training as a whole), so that neither a season, nor what differs from
year to year, nor a return to the usual is an alarm. Where few came in the month before, half as much of it is enough of
what is far and surer still against what all months of a year foretell (``yearly``). A slow one: eight blocks that are
twice as far from both the training and the season. *Certain* is either, where both newest blocks show it alike: what a
campaign brings on one day does not count. Colleagues are worth less than so many strangers (``colleagues``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from scoring.metrics import Floats
from scoring.monitoring.arrivals import AGE, HIGH_INTENT, MISSING, SCORE
from scoring.monitoring.colleagues import Placed, design_effect, met
from scoring.monitoring.distance import Distance, Mask, counted, shares, tested
from scoring.monitoring.reference import Reference
from scoring.monitoring.strata import DAY_US, Counts, mixed, weekend
from scoring.monitoring.yearly import foretold

BLOCK = 70
WINDOWS = {2: False, 4: False, 8: True}
"""Blocks of a window, and whether it is for slow changes."""
NEWEST = 2
LONGEST_DAYS = 120
RECENT_DAYS, LEAST_RECENT = 30, 300
"""The time before the window: a month, and more where fewer came in it."""
FEW_RECENT, SURER = 600, 0.01
"""Where the time before is worth fewer arrivals, the year foretells too, and must be contradicted so much surer: it is
less like today than the month before is."""
FAR_INDEX, FAR_MISSING = 0.10, 0.10
"""Beyond this a deviation matters: an index, or a share more of arrivals of whom something is unknown."""
SLOW, MILD = 2.0, 0.5
"""By so much of it for slow changes, and where it is enough that the season does not explain a sudden one."""
SURE, SURE_OF_MANY = 3e-5, 2e-6
"""Chance of so much by luck alone: for the score and the features that matter most, and for the many others."""
SHOWN_BY_BLOCK, ALIKE = 0.2, 0.3
"""Each block by itself must be less likely than this, and the smaller deviation go this part of the larger's way."""
UNLIKELY = 0.01
"""A mild deviation, by which an alarm lasts, is so unlikely by luck."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One measure over one window.

    ``before``, ``now``: shares of its bins in training and among the arrivals; ``season`` the same of the season (None:
    not known). ``index`` and ``chance`` are those against the season, where it is known, else against training.
    """

    name: str
    arrivals: int
    since: datetime
    before: tuple[float, ...]
    now: tuple[float, ...]
    season: tuple[float, ...] | None
    index: float
    chance: float
    certain: bool
    lasting: bool


def judged(reference: Reference, arrived: Placed, now: datetime, important: Collection[str] = ()) -> list[Finding]:
    """Judge arrivals (``reference.placed``) that were old enough at ``now``.

    ``important``: names of the measures that matter most. One finding a measure, of the window that says most; none at
    all while fewer than two blocks have come.
    """
    blocks = _blocks(arrived.at, _micro(now - AGE))
    if len(blocks) < NEWEST:
        return []
    matters = [name in important or name in (SCORE, HIGH_INTENT) for name in reference.names]
    sure = np.where(matters, SURE, SURE_OF_MANY)
    alike = _alike(reference, [arrived.where(rows) for rows in blocks[:NEWEST]])
    best: list[Finding] = []
    for size, slow in WINDOWS.items():
        if len(blocks) >= size:
            window = _Window.of(reference, arrived, np.concatenate(blocks[:size]))
            best = _better(best, window.findings(reference, alike & (window.slow() if slow else window.sudden(sure))))
    return best


@dataclass(frozen=True, slots=True)
class _Window:
    """Counts of the arrivals since an instant, against the training, the season and the time before (None: unknown).

    ``foretold``: against what a year foretells, of measures with few arrivals in the time before.
    """

    since: int
    counts: Counts
    missing: Mask
    usual: Distance
    season: Distance | None
    recent: Distance | None
    foretold: Distance | None

    @classmethod
    def of(cls, reference: Reference, arrived: Placed, rows: Counts) -> _Window:
        some = arrived.where(rows)
        since, weekends = int(some.at.min()), float(weekend(some.at).mean())
        middle = _moment(int(some.at.mean()))
        season = reference.season(middle, weekends)
        recent = _recent(reference, arrived, since, weekends)
        few = recent[1] < FEW_RECENT if recent else np.zeros(len(reference.names), dtype=np.bool_)
        year = foretold(reference, middle, weekends) if few.any() and season else None
        worth = _worth(reference, some)
        return cls(
            since,
            counted(some.places),
            np.array([name.startswith(MISSING) for name in reference.names]),
            tested(worth, *reference.usual(weekends)),
            tested(worth, *season) if season else None,
            tested(worth, *recent) if recent else None,
            tested(worth * few[:, None], *year) if year else None,
        )

    def sudden(self, sure: Floats) -> Mask:
        """Where neither what came just before nor season and training explain what comes now."""
        recent = self.recent or self.usual
        unseasonal = self._apart(self.season or self.usual, MILD, UNLIKELY)
        found = self._apart(recent, 1.0, sure)
        if self.foretold:
            found |= self._apart(self.foretold, 1.0, sure * SURER) & self._apart(recent, MILD, UNLIKELY)
        return found & unseasonal

    def slow(self) -> Mask:
        """Where it is far from training and season both."""
        found = self._apart(self.usual, SLOW, SURE_OF_MANY)
        return found & self._apart(self.season, SLOW, SURE_OF_MANY) if self.season else found

    def lasting(self) -> Mask:
        """Where a deviation of before has not gone yet."""
        found = self._apart(self.usual, MILD, UNLIKELY)
        return found & self._apart(self.season, MILD, UNLIKELY) if self.season else found

    def findings(self, reference: Reference, certain: Mask) -> list[Finding]:
        """One of each measure."""
        now, since, lasting = shares(self.counts), _moment(self.since), self.lasting()
        main = self.season or self.usual
        return [
            Finding(
                name,
                int(self.counts[place].sum()),
                since,
                tuple(self.usual.before[place].tolist()),
                tuple(now[place].tolist()),
                tuple(self.season.before[place].tolist()) if self.season else None,
                round(float(main.index[place]), 6),
                float(main.chance[place]),
                bool(certain[place]),
                bool(lasting[place]),
            )
            for place, name in enumerate(reference.names)
        ]

    def _apart(self, test: Distance, part: float, sure: Floats | float) -> Mask:
        # The first bin of a missing value is "known": a fall is good news.
        more = test.before[:, 0] - shares(self.counts)[:, 0] > FAR_MISSING * part
        return np.asarray(np.where(self.missing, more, test.index > FAR_INDEX * part) & (test.chance < sure))


def _blocks(at: Counts, end: int) -> list[Counts]:
    """Indices of the newest arrivals, newest block first."""
    days = (end - at) // DAY_US
    old_enough = (days >= 0) & (days < LONGEST_DAYS) & (at <= end)
    by_day = np.bincount(days[old_enough], minlength=1)
    blocks: list[Counts] = []
    first, held = 0, 0
    for day, count in enumerate(by_day.tolist()):
        held += count
        if held >= BLOCK:
            blocks.append(np.flatnonzero(old_enough & (days >= first) & (days <= day)))
            first, held = day + 1, 0
            if len(blocks) == max(WINDOWS):
                break
    return blocks


def _worth(reference: Reference, some: Placed) -> Floats:
    """How often each bin occurs, as in so many strangers."""
    effect = design_effect(reference.alike, met(some.company))
    return np.asarray(counted(some.places) / effect[:, None], dtype=np.float64)


def _recent(reference: Reference, arrived: Placed, until: int, weekends: float) -> tuple[Floats, Floats] | None:
    """Shares and worth of the arrivals before an instant; None where they are too few."""
    before = np.flatnonzero(arrived.at < until)
    month = int((arrived.at[before] >= until - RECENT_DAYS * DAY_US).sum())
    rows = before[len(before) - max(month, min(LEAST_RECENT, len(before))) :]
    if len(rows) < LEAST_RECENT:
        return None
    ends = weekend(arrived.at[rows]) == 1
    both = np.stack([counted(arrived.places[rows[~ends]]), counted(arrived.places[rows[ends]])], axis=1)
    share, worth = mixed(both, np.array([1 - weekends, weekends]))
    return share, worth / design_effect(reference.alike, met(arrived.company[rows]))


def _alike(reference: Reference, blocks: Sequence[Placed]) -> Mask:
    """Whether each block by itself deviates, and both go about the same way."""
    tests, moves = [], []
    for some in blocks:
        weekends = float(weekend(some.at).mean())
        known = reference.season(_moment(int(some.at.mean())), weekends) or reference.usual(weekends)
        tests.append(tested(_worth(reference, some), *known))
        moves.append(shares(counted(some.places)) - known[0])
    shown = np.all([test.chance < SHOWN_BY_BLOCK for test in tests], axis=0)
    largest = np.max([(move**2).sum(axis=1) for move in moves], axis=0)
    return np.asarray(shown & ((moves[0] * moves[1]).sum(axis=1) > ALIKE * largest))


def _better(held: Sequence[Finding], fresh: Sequence[Finding]) -> list[Finding]:
    """Of two windows a measure is told by the one that is certain, else by that of the smaller chance.

    Whether it lasts is said by the shorter one: the longer one remembers for longer.
    """
    if not held:
        return list(fresh)
    told = [min(pair, key=lambda one: (not one.certain, one.chance)) for pair in zip(held, fresh, strict=True)]
    return [replace(one, lasting=short.lasting) for one, short in zip(told, held, strict=True)]


def _micro(moment: datetime) -> int:
    return int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def _moment(micro: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)
