"""What a report says in words beside its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from scoring.guard import Judgement
from scoring.leakage import Verdict
from scoring.learning import Trial
from scoring.minimums import MIN_CONVERSIONS
from scoring.models.extended import TREATMENTS
from scoring.schema import Goal, Timing
from scoring.splits import distinct_conversions
from scoring.words import in_percent


def notes(
    rows: pl.DataFrame, trial: Trial, goal: Goal, judgement: Judgement, delay: Mapping[str, Any] | None
) -> list[str]:
    """How the figures came about, what they are valid for, what was held back, and which horizon would do."""
    said = ["The figures belong to the recipe, judged on newer leads; the serving model is refitted on all rows."]
    if trial.split is None:
        found = distinct_conversions(rows)
        said = [
            f"{found} conversions have matured; at least {MIN_CONVERSIONS}, well spread in time, "
            "and inputs that vary are needed to learn."
        ]
    else:
        said += trial.split.notes
        said += _treatment(trial)
    if goal.timing is Timing.CREATED:
        said.append("The outcome has no date: valid at intake, no horizon is claimed.")
    if goal.timing is Timing.ORDERED:
        said.append("Only the order of leads is known: valid at intake, no horizon or embargo, maturity is assumed.")
    held = [found.label for found in judgement.verdicts if found.verdict is Verdict.SUSPECT]
    if held:
        said.append(f"Held back until you confirm them: {', '.join(held)}.")
    kept = [found.label for found in judgement.verdicts if found.overruled is not None]
    if kept:
        said.append(f"Used because you vouch for them, against the guard's verdict: {', '.join(kept)}.")
    return said + _on_horizon(delay)


def _on_horizon(delay: Mapping[str, Any] | None) -> list[str]:
    """Suggest the horizon that the tenant's own delays speak for, where it is another one."""
    suggested = (delay or {}).get("suggested")
    if delay is None or suggested is None or suggested["days"] == delay["horizon_days"]:
        return []
    now = f"{delay['horizon_days']} days ({in_percent(delay['within_horizon'])})"
    return [
        f"By your own history a horizon of {suggested['days']} days would do: {in_percent(suggested['share'])} of the "
        f"conversions to be expected come within it. It is {now}."
    ]


def _treatment(trial: Trial) -> list[str]:
    """What was done about rare conversions, and what could not be tried."""
    if trial.choice is None:
        return []
    treated = [name for name in TREATMENTS if name in trial.choice.name]
    told = [f"Rare conversions: {', '.join(treated)}." if treated else "Rare conversions: no resampling."]
    if trial.choice.absent:
        told.append(f"Not tried, for want of its library or of time: {', '.join(trial.choice.absent)}.")
    return told
