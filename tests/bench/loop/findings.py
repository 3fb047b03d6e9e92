"""What two lives show, as rows: one without a holdout, one with it."""

from __future__ import annotations

from collections import Counter

import numpy as np

from scoring.monitoring.words import CALIBRATION
from tests.bench.drift.trials import FOUND_ARRIVALS
from tests.bench.loop.hindsight import ceiling
from tests.bench.loop.life import Life, Step
from tests.bench.loop.people import HORIZON_DAYS
from tests.bench.loop.worth import Worth, worth
from tests.bench.rows import Row

CASE = "loop"
REACHED = 0.95
"""Of (AUC* − .5), to be reached again once outcomes of the change are known."""
SUBJECTS = {"launch": {"product", "industry"}, "tag": {"page_view"}}
"""By which alarms a change of who comes is found. New prices change nobody who comes; outcomes tell of them."""
CHANGES = ("launch", "pricing")
"""What can be recovered from: of whom the tag told nothing, there is no more to be learned."""
SETTLED_DAYS = 90
"""So long after the first training outcomes of leads that were shown are learned from. From new prices on, what is
stated is wrong for another reason: fewer convert than before."""


def rows(alone: Life, held: Life) -> list[Row]:
    """All that is told; without a holdout where nothing else is said."""
    lines = [*_watched(alone), *recovered(alone)]
    lines += [_bias("without a holdout", alone), _bias("with a holdout", held)]
    found = worth(held)
    return lines if found is None else [*lines, _value(found)]


def calm_row(name: str, alarms: int, days: int) -> Row:
    """How often the watch cries for nothing."""
    told = f"calm, {name}: {alarms} alarms in {days} days"
    return Row(CASE, told, "alarms/year", alarms * 365.25 / days, 1.0, less_is_better=True)


def said(life: Life) -> str:
    """What became of the challengers, in a line."""
    counts = Counter(step.said for step in life.steps)
    return ", ".join(f"{count} {name}" for name, count in counts.most_common())


def _watched(life: Life) -> list[Row]:
    plan, stretches = life.world.plan, life.world.plan.stretches()
    lines = [_found(life, name, stretches[name]) for name in SUBJECTS]
    begins, ends = stretches["pricing"]
    day = _alarm(life, {CALIBRATION}, begins, ends)
    told = "pricing found by outcomes" if day is not None else "pricing not found by outcomes"
    days = float((ends if day is None else day) - begins)
    lines.append(Row(CASE, f"{told}, days", "days", days, HORIZON_DAYS, less_is_better=True))
    calm = [name for day, name in life.alarms if day <= plan.launch]
    years = (plan.launch - plan.first) / 365.25
    for name, count in (("arrivals", len(calm) - calm.count(CALIBRATION)), ("outcomes", calm.count(CALIBRATION))):
        told = f"calm part: {count} alarms by {name} in {plan.launch - plan.first} days"
        lines.append(Row(CASE, told, "alarms/year", count / years, 1.0, less_is_better=True))
    return lines


def _alarm(life: Life, subjects: set[str], begins: int, ends: int) -> int | None:
    """The first night after a change on which an alarm of the subjects was opened."""
    return next((day for day, name in life.alarms if begins < day <= ends and name in subjects), None)


def _found(life: Life, name: str, stretch: tuple[int, int]) -> Row:
    begins, ends = stretch
    day = _alarm(life, SUBJECTS[name], begins, ends)
    came = life.world.came(ends if day is None else day) - life.world.came(begins)
    told = f"{name} not found in {ends - begins} days" if day is None else f"{name} found after {day - begins} days"
    arrivals = float(came if day is not None else max(came, 2 * FOUND_ARRIVALS))
    return Row(CASE, f"{told}, arrivals", "arrivals", arrivals, FOUND_ARRIVALS, 1.0, less_is_better=True)


def recovered(life: Life, whose: str = "") -> list[Row]:
    """How far the ranking fell with each change, and how far it came back; ``whose`` begins each line."""
    plan = life.world.plan
    calm = [step.ours.reached for step in _steps(life, plan.first, plan.launch)]
    lines = [
        Row(CASE, f"{whose}calm part, of the best ranking", "share", float(np.mean(calm)), 1.0, median_of=len(calm))
    ]
    for name, (begins, ends) in plan.stretches().items():
        steps = _steps(life, begins, ends)
        last = steps[-1]
        asked = REACHED if name in CHANGES else None
        lines.append(Row(CASE, f"{whose}{name}: of the best ranking at once", "share", steps[0].ours.reached, 1.0))
        if name in CHANGES:
            lines.append(_again(f"{whose}{name}: by what scores", [one.ours.reached for one in steps], steps, ends))
            lines.append(
                _again(f"{whose}{name}: by the newest model", [one.newest.reached for one in steps], steps, ends)
            )
            lines += _looks(life, f"{whose}{name}", steps)
        lines += [
            Row(CASE, f"{whose}{name}: at the end, by what scores", "share", last.ours.reached, 1.0, asked),
            Row(CASE, f"{whose}{name}: at the end, by the newest model", "share", last.newest.reached, 1.0),
            Row(CASE, f"{whose}{name}: at the end, never trained again", "share", last.frozen.reached, 1.0),
        ]
    return lines


def _looks(life: Life, name: str, steps: list[Step]) -> list[Row]:
    """What scored on the way and at the end, and how much there was to be reached."""
    begins, lines = steps[0].day, []
    for step in reversed(steps[: 0 : -max(len(steps) // 4, 1)]):
        days = step.day - begins
        lines.append(Row(CASE, f"{name}: after {days} days, by what scores", "share", step.ours.reached, 1.0))
        most = ceiling(life, begins, step.day)
        if most is not None:
            lines.append(Row(CASE, f"{name}: after {days} days, with hindsight", "share", most, 1.0))
    return lines


def _again(name: str, reached: list[float], steps: list[Step], ends: int) -> Row:
    """Days from a change until REACHED is reached; the soonest possible is when the first outcomes are known."""
    begins = steps[0].day
    day = next((step.day for step, value in zip(steps, reached, strict=True) if value >= REACHED), None)
    told = f"days until {REACHED} again" if day is not None else f"{REACHED} not reached, days"
    days = float((ends if day is None else day) - begins)
    return Row(CASE, f"{name}, {told}", "days", days, HORIZON_DAYS, less_is_better=True)


def _steps(life: Life, begins: int, ends: int) -> list[Step]:
    return [step for step in life.steps if begins <= step.day < ends]


def _bias(name: str, life: Life) -> Row:
    """Mean over the newest models' bands between the settling and the new prices; the limit is the truth."""
    plan = life.world.plan
    bands = [step.band for step in _steps(life, min(plan.first + SETTLED_DAYS, plan.launch), plan.pricing)]
    leads = max(sum(one.leads for one in bands), 1)
    stated, true = (100 * sum(values) / leads for values in ([b.stated for b in bands], [b.true for b in bands]))
    told = f"High-Intent {name}: stated less true by {stated - true:+.1f}"
    return Row(CASE, told, "%", stated, true, None, leads, less_is_better=True)


def _value(found: Worth) -> Row:
    inside = "in" if found.always else "not in"
    told = f"value by the holdout; truth {inside} all intervals"
    spread = (found.high - found.low) / 2 if np.isfinite(found.high) else 0.0
    told = told if np.isfinite(found.high) else "value by the holdout; too few for an interval"
    return Row(CASE, told, "conversions", found.found, found.truth, None, found.leads, spread)
