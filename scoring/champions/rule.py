"""The rule that says what becomes of a challenger.

* **Better** (the 95 % interval of the AUC difference lies above zero): published.
* **Not inferior and fresher** (the one-sided bound of 99 % lies above −MARGIN, and it knows a newer past): published
  too, so that champions do not go stale.
* **Better since** (on what became known since the champion was trained the one-sided bound of 99 % lies above zero):
  published, whatever the window of before says. This finds what changed within that window.
* **Truer since** (not inferior, and on the same leads its chances are surely truer and its ranking not surely worse):
  published, also where the window finds chances less true or a ranking worse by less than MARGIN. Models of before a
  change overshoot within it, the newer ones often more; what would serve knows of the change.
* **Worse** (the interval lies below zero), or its chances are surely less true: refused. But where what would serve
  leaves out people whom the tried model learned from, and on what became known since it ranks better, though not
  surely, a person is asked: the window then judges what would not serve.
* Neither shown: refused while the champion is young; from STALE_DAYS on a person is asked.

What would be published waits for a person where more than the tenant's cap of the High-Intent leads would change, and
after a rollback. Where the tenant's settings or the guard's verdicts have changed since the champion was trained, a
person decides in any case: then the figures do not compare the models alone.

Why 99 %: of challengers that are worse by just MARGIN one in a hundred passes by luck. One that is worse by .01 has to
be lucky by another .005: over windows whose difference is known to ± .02 (95 %) that happens to one in 400, over
wider ones to less than one in a hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scoring.champions.comparison import Comparison, Pair
from scoring.champions.contest import Contest
from scoring.champions.outcome import Outcome

MARGIN = 0.005
"""A loss of AUC below which nobody would see a difference."""
CHURN_CAP = 0.25
"""Default: of the High-Intent leads at most so many may leave the band, and come into it, without a person's word."""
STALE_DAYS = 90.0


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rule asks of the tenant: its cap, and whether a person brought the champion back by a rollback."""

    churn_cap: float = CHURN_CAP
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome, the clause of the rule that said so, and the sentence for people."""

    outcome: Outcome
    clause: str
    sentence: str

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {"outcome": str(self.outcome), "clause": self.clause, "sentence": self.sentence}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Decision:
        """What ``to_json`` wrote."""
        return cls(Outcome(data["outcome"]), str(data["clause"]), str(data["sentence"]))


def decide(found: Contest | None, standing: Standing) -> Decision:
    """Decide over a challenger; ``found`` is None for a tenant's first model."""
    if found is None:
        return Decision(Outcome.PUBLISHED, "first", "The first model.")
    if found.other_goal:
        told = f"The first model of this goal: {found.champion} predicts something else."
        return Decision(Outcome.PUBLISHED, "goal", told)
    figures = _figures(found.comparison)
    if found.orders:
        told = f"A person is asked, because since {found.champion} {'; '.join(found.orders)}. {figures}"
        return Decision(Outcome.WAITING, "orders", told)
    return _against(found, figures) or _judged(found, figures, standing)


def _judged(found: Contest, figures: str, standing: Standing) -> Decision:
    clause, merit = _merit(found, figures)
    if clause == "undecided":
        return _undecided(found, merit)
    if standing.restored:
        told = f"{merit} A person brought {found.champion} back by a rollback, so a person is asked."
        return Decision(Outcome.WAITING, "restored", told)
    if found.churn is not None and found.churn.share > standing.churn_cap:
        told = f"{merit} {_crossing(found)}: more than the cap of {standing.churn_cap:.0%}, so a person is asked."
        return Decision(Outcome.WAITING, "churn", told)
    return Decision(Outcome.PUBLISHED, clause, f"{merit} {_crossing(found)}.".strip())


def _against(found: Contest, figures: str) -> Decision | None:
    measured = found.comparison
    if measured is None or _better_since(found) or _truer_since(found, measured):
        return None
    if measured.auc.high < 0:
        clause, told = "worse", f"Worse than {found.champion}. {figures}"
    elif measured.less_true:
        clause = "chances"
        told = f"Its chances are less true than those of {found.champion} ({_brier(measured)}). {figures}"
    else:
        return None
    if found.leaves_out and found.since is not None and _speaks(found.since):
        why = "But what would serve leaves out people who came before the market changed, and what was tried did not"
        told = f"{told} {why}. On what became known since: {_figures(found.since)} So a person is asked."
        return Decision(Outcome.WAITING, "past", told)
    return Decision(Outcome.REFUSED, clause, told)


def _speaks(later: Comparison) -> bool:
    """Whether what became known since speaks for the challenger, surely or not."""
    return later.auc.difference > 0 and not later.less_true


def _better_since(found: Contest) -> bool:
    return found.since is not None and found.since.auc.least > 0 and not found.since.less_true


def _truer_since(found: Contest, measured: Comparison) -> bool:
    later = found.since
    return later is not None and later.truer and later.auc.high >= 0 and measured.auc.least > -MARGIN


def _merit(found: Contest, figures: str) -> tuple[str, str]:
    """By which clause it may be published, or "undecided", and the sentences that say so."""
    measured = found.comparison
    if found.untried:
        return "untried", f"{found.champion} can't be tried again: it is of a release that kept nothing to try."
    if _better_since(found):
        told = f"Better than {found.champion} on what became known since that was trained. {_figures(found.since)}"
        return "since", told
    return ("undecided", figures) if measured is None else _tried(found, measured, figures)


def _tried(found: Contest, measured: Comparison, figures: str) -> tuple[str, str]:
    if found.since is not None and _truer_since(found, measured):
        told = f"chances that are truer on what became known since that was trained ({_brier(found.since)})"
        return "truer", f"Not inferior to {found.champion}, with {told}. {figures}"
    if measured.auc.low > 0:
        return "better", f"Better than {found.champion}. {figures}"
    if measured.auc.least > -MARGIN and found.newer_days > 0:
        return "fresher", f"Not inferior to {found.champion}, and {found.newer_days:.0f} days fresher. {figures}"
    return "undecided", figures


def _undecided(found: Contest, figures: str) -> Decision:
    told = f"Neither shown to be better than {found.champion} nor as good. {figures}"
    if found.newer_days < STALE_DAYS:
        return Decision(Outcome.REFUSED, "undecided", told)
    told = f"{told} {found.champion} is {found.newer_days:.0f} days old, so a person is asked."
    return Decision(Outcome.WAITING, "stale", told)


def _figures(measured: Comparison | None) -> str:
    if measured is None:
        return "The newest leads are too few to compare on."
    return (
        f"On {measured.conversions:,} newer conversions: AUC {measured.auc.challenger:.3f} against "
        f"{measured.auc.champion:.3f}, {_signed(measured.auc, 3)}."
    )


def _brier(measured: Comparison) -> str:
    return f"Brier score {_signed(measured.brier, 4)}"


def _signed(pair: Pair, digits: int) -> str:
    low, high = (f"{value:+.{digits}f}" for value in (pair.low, pair.high))
    return f"{pair.difference:+.{digits}f} ({low} to {high})"


def _crossing(found: Contest) -> str:
    if found.churn is None:
        return ""
    churn = found.churn
    return (
        f"Of {churn.members:,} High-Intent leads {churn.leaving:,} would leave the band and {churn.coming:,} come into "
        f"it ({churn.share:.0%})"
    )
