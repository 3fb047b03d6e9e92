"""The rule that watches a model which scores a share of the leads, and says when it has to go and when it may stay.

Companies fall to the two arms by chance, so that whatever differs between them beyond luck is the models' doing:

* **Deliveries** of the challenger's scores surely fail more often, by over FAILURES of those that were answered.
* **Distribution**: the scores of both arms surely differ, by a stability index of over INDEX (less what luck adds).
* **The High-Intent line**: more of the challenger's band changed since the beginning than the limit, beyond the change
  that the champion's own arm saw meanwhile.
* **Calibration** of what has matured: surely more or fewer conversions than the told chances add up to, by over LEVEL.

Any of them ends the trial; without any the model may stay once its days are over and it has scored LEAST_LEADS.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from scoring.monitoring.distance import tested
from scoring.monitoring.reference import BINS

FAILURES, LEAST_FAILED = 0.02, 5
INDEX, UNLIKELY, LEAST_COMPARED = 0.25, 1e-4, 100
LEAST_BAND = 20
LEVEL, LEAST_EXPECTED = 0.25, 10.0
SURE = 3.0
"""Standard errors: it is looked at each day."""
ALIKE = 1.5
"""By so much colleagues' shared fate widens the variance of a sum of conversions."""
LEAST_LEADS = 30


class Verdict(StrEnum):
    """It goes on, it is over and the model stays, it is over and the model goes."""

    GOES_ON = "goes on"
    PROMOTED = "promoted"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm by now: answered and failed deliveries, scores in points, and who crossed the High-Intent line.

    ``members`` were High-Intent when the trial began; ``leaving`` of them are so no longer, ``coming`` are so since.
    """

    scores: Sequence[float]
    answered: int = 0
    failed: int = 0
    members: int = 0
    leaving: int = 0
    coming: int = 0

    @property
    def churn(self) -> float:
        """The larger stream over the members."""
        return max(self.leaving, self.coming) / max(self.members, 1)


@dataclass(frozen=True, slots=True)
class Matured:
    """Chances that the challenger told and whose time is over: their sum, the sum's variance if they were independent,
    and how many converted."""

    leads: int = 0
    expected: float = 0.0
    variance: float = 0.0
    converted: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """All that is known on a day. ``limit``: of the churn, set by whoever began the trial; ``over``: its days are.

    ``alike``: scores are to be spread as the champion's are; two models that are compared by outcomes may differ.
    """

    challenger: Arm
    champion: Arm
    matured: Matured
    limit: float
    over: bool
    alike: bool = True


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is to be done, by which clause, and the sentence for people. ``index``, ``churn``: what was measured."""

    verdict: Verdict
    clause: str
    sentence: str
    index: float | None
    churn: float | None


def judge(found: Watched) -> Judgement:
    """Judge a day of a trial."""
    index, chance = _index(found)
    churn = _churn(found)
    clause, told = _alarm(found, index, chance, churn)
    if clause:
        return Judgement(Verdict.WITHDRAWN, clause, told, index, churn)
    scored = len(found.challenger.scores)
    if not found.over:
        return Judgement(Verdict.GOES_ON, "days", f"Nothing is wrong with {scored:,} leads so far.", index, churn)
    if scored < LEAST_LEADS:
        told = f"Its days are over, but it has scored {scored:,} leads, fewer than {LEAST_LEADS}: a person decides."
        return Judgement(Verdict.GOES_ON, "few", told, index, churn)
    told = f"Its days are over, and nothing was wrong with {scored:,} leads."
    return Judgement(Verdict.PROMOTED, "days", told, index, churn)


def _alarm(found: Watched, index: float | None, chance: float, churn: float | None) -> tuple[str, str]:
    """The clause that ends a trial with its sentence, or two empty texts."""
    one, other = found.challenger, found.champion
    if _fails(one, other):
        told = (
            f"{one.failed:,} of {one.answered:,} deliveries of its scores failed, of the champion's {other.failed:,} "
            f"of {other.answered:,}."
        )
        return "deliveries", told
    if found.alike and index is not None and index > INDEX and chance < UNLIKELY:
        return "distribution", f"Its scores are spread otherwise than the champion's: index {index:.2f} over {INDEX}."
    if churn is not None and churn > found.limit:
        told = (
            f"{churn:.0%} more of its High-Intent leads changed than of the champion's: above the limit of "
            f"{found.limit:.0%}."
        )
        return "churn", told
    seen = found.matured
    if _untrue(seen):
        told = f"Of {seen.leads:,} leads {seen.expected:.1f} should have converted by now, and {seen.converted:,} did."
        return "calibration", told
    return "", ""


def _fails(one: Arm, other: Arm) -> bool:
    """Whether deliveries fail surely more often than the champion's, and by more than is allowed."""
    if one.failed < LEAST_FAILED or not other.answered:
        return False
    gap = one.failed / one.answered - other.failed / other.answered
    pooled = (one.failed + other.failed) / (one.answered + other.answered)
    error = math.sqrt(max(pooled * (1 - pooled), 1e-12) * (1 / one.answered + 1 / other.answered))
    return gap > FAILURES and gap > SURE * error


def _index(found: Watched) -> tuple[float | None, float]:
    """The stability index with the chance of such a difference by luck alone; None where too few were scored."""
    if min(len(found.challenger.scores), len(found.champion.scores)) < LEAST_COMPARED:
        return None, 1.0
    # Bins of equal numbers of both arms' scores: neither is favoured.
    both = np.concatenate([np.asarray(found.challenger.scores), np.asarray(found.champion.scores)])
    edges = np.unique(np.quantile(both, np.linspace(0.1, 0.9, 9)))
    counts = [
        np.bincount(np.searchsorted(edges, np.asarray(arm.scores), side="right"), minlength=BINS)[None, :]
        for arm in (found.challenger, found.champion)
    ]
    worth = counts[1].sum(axis=1).astype(np.float64)
    apart = tested(counts[0], counts[1] / worth[:, None], worth)
    return float(apart.index[0]), float(apart.chance[0])


def _churn(found: Watched) -> float | None:
    """The challenger's churn beyond the champion's own; None where a band is too small to say."""
    if min(found.challenger.members, found.champion.members) < LEAST_BAND:
        return None
    return max(0.0, found.challenger.churn - found.champion.churn)


def _untrue(seen: Matured) -> bool:
    if seen.expected < LEAST_EXPECTED:
        return False
    gap = abs(seen.converted - seen.expected)
    return gap > LEVEL * seen.expected and gap > SURE * math.sqrt(seen.variance * ALIKE)
