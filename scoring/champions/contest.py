"""A contest between the model that scores and a new one, as they are when the newest window begins.

What serves has learned from all matured rows, so from the newest as well: on these it would look better than it is.
Each training therefore also keeps its trial's model, the same recipe fitted on the older rows alone. The newest window
of the challenger is newer than all that the champion's trial model learned from, too, so both are tried on the same
rows out of sample; by as much as the champion is older, its trial model is. A change within that window is in
neither: what ``since`` finds is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scoring.bundle import Bundle
from scoring.champions.churn import Churn, churned
from scoring.champions.comparison import Comparison, levelled
from scoring.champions.sides import Champion, Ground
from scoring.champions.since import since
from scoring.features import build, catalogue
from scoring.population import numbered
from scoring.predict import score
from scoring.schema import Goal


@dataclass(frozen=True, slots=True)
class Contest:
    """What is known of a challenger beside the champion.

    ``other_goal``: they predict different things, so nothing is compared. ``orders``: what of the tenant's settings,
    or of the guard's verdicts, has changed since the champion was trained, in words; such a difference is none of
    quality alone. ``newer_days``: by how much the challenger knows more of the past. ``untried``: the champion is of
    a release that kept no trial's model. ``since``: on what became known since the champion was trained; looked at
    where the ``comparison`` does not speak for the challenger, by its ranking or by its chances. ``leaves_out``: what
    would serve has not learned from people of before a day, what was tried has.
    """

    champion: str
    newer_days: float
    other_goal: bool = False
    orders: tuple[str, ...] = ()
    comparison: Comparison | None = None
    churn: Churn | None = None
    untried: bool = False
    since: Comparison | None = None
    leaves_out: bool = False

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "champion": self.champion,
            "newer_days": round(self.newer_days, 3),
            "other_goal": self.other_goal,
            "orders": list(self.orders),
            "comparison": self.comparison.to_json() if self.comparison else None,
            "churn": self.churn.to_json() if self.churn else None,
            "untried": self.untried,
            "since": self.since.to_json() if self.since else None,
            "leaves_out": self.leaves_out,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Contest:
        """What ``to_json`` wrote."""
        comparison, churn, later = data["comparison"], data["churn"], data.get("since")
        return cls(
            str(data["champion"]),
            float(data["newer_days"]),
            bool(data["other_goal"]),
            tuple(data["orders"]),
            Comparison.from_json(comparison) if comparison else None,
            Churn.from_json(churn) if churn else None,
            bool(data["untried"]),
            Comparison.from_json(later) if later else None,
            bool(data.get("leaves_out")),
        )


def contest(champion: Champion, challenger: Bundle, ground: Ground) -> Contest:
    """Try both on the newest rows, and count who would cross the High-Intent line."""
    name, newer = champion.serving.version, (ground.as_of - champion.as_of).total_seconds() / 86_400
    if _predicts(champion.serving.goal) != _predicts(challenger.goal):
        return Contest(name, newer, other_goal=True)
    before = score(champion.serving, ground.history, as_of=ground.as_of, reasons=False)
    tried, excluded = _tried(champion, ground), ground.task.excluded
    speaks = tried is not None and tried.auc.low > 0 and not tried.less_true
    return Contest(
        name,
        newer,
        orders=(*_settings(champion.serving.goal, challenger.goal), *_withdrawn(champion.serving, excluded)),
        comparison=tried,
        churn=churned(champion.serving, before, challenger, ground.scores),
        untried=champion.trial is None,
        since=None if speaks or champion.trial is None else since(champion, ground),
        leaves_out=_leaves_out(ground),
    )


def _leaves_out(ground: Ground) -> bool:
    served, tried = ground.fitted.past, ground.trial.past
    if served is None or served.since is None:
        return False
    return tried is None or tried.since is None or tried.since < served.since


def _tried(champion: Champion, ground: Ground) -> Comparison | None:
    if champion.trial is None:
        return None
    known = pl.Series([True]).new_from_index(0, ground.trial.rows.height)
    if champion.begins is not None:
        known = ground.trial.rows["order"] >= champion.begins
    rows = numbered(ground.trial.rows.filter(known))
    if rows.is_empty():
        return None
    bundle = champion.trial
    said = bundle.log_odds(build(ground.task.timeline, rows, bundle.spec).matrix)
    return levelled(rows, said, ground.trial.log_odds[known.to_numpy()], ground.task.seed)


def _predicts(goal: Goal) -> tuple[object, ...]:
    """What a goal's chance is the chance of."""
    return (goal.name, goal.timing, goal.horizon_days, goal.maturity_days)


def _settings(before: Goal, now: Goal) -> list[str]:
    told = []
    if before.complexity is not now.complexity:
        told.append(f"the accepted complexity was set from {before.complexity} to {now.complexity}")
    if before.most_facts != now.most_facts:
        told.append("the number of facts that a model may look at was changed")
    if before.seller_activity != now.seller_activity:
        told.append(f"models may {'now' if now.seller_activity else 'no longer'} learn from what sellers did")
    if before.segment != now.segment:
        told.append("the field that parts the leads was changed")
    return told


def _withdrawn(champion: Bundle, excluded: Collection[str]) -> list[str]:
    """Fields that the champion reads and no model may use any more: without them a challenger may well look worse."""
    declared = catalogue(champion.spec).features
    read = {field for name in champion.spec.columns for field in declared[name].inputs} & set(excluded)
    labels = {field.name: field.label for field in champion.spec.fields}
    if not read:
        return []
    named = ", ".join(sorted(labels.get(name, name) for name in read))
    return [f"{champion.version} reads what may tell the outcome ({named}), and no new model does"]
