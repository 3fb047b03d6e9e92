"""Training: history in, bundle and report out."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from scipy.special import expit
from threadpoolctl import threadpool_limits

from scoring import watching
from scoring.bundle import Bundle
from scoring.champions.contest import Contest, contest
from scoring.champions.growth import matured_conversions
from scoring.champions.sides import Champion, Ground
from scoring.dataset import snapshots, until, young_snapshots
from scoring.delays import delay_curve
from scoring.describing import described
from scoring.feedback import freed, weighed
from scoring.guard import Case, assumed, judge
from scoring.learning import Fitted, Task, Trial, learned, ruled
from scoring.lookback import Ground as Back
from scoring.lookback import Looked, look_back
from scoring.metrics import Floats
from scoring.minimums import MIN_CONVERSIONS
from scoring.models.hazard import periods
from scoring.models.pooled import Pooled
from scoring.notes import notes
from scoring.pooling.report import notes as pooled_notes
from scoring.pooling.report import told_prior
from scoring.pooling.share import Share
from scoring.predict import score
from scoring.prior import Prior
from scoring.report import report
from scoring.schema import Complexity, Goal, HighIntent, History, Timing
from scoring.scoremap import ScoreMap
from scoring.seen import learn as look_at
from scoring.segmenting import told as told_segments
from scoring.segments import segments
from scoring.splits import distinct_conversions, time_split
from scoring.tiers import Tenths, Tiers, by_goal, share_high
from scoring.timeline import Timeline
from scoring.worth import learn as learn_worth

_NO_BANDS = Tiers(1_000, 1_000)


@dataclass(frozen=True, slots=True)
class Training:
    """A finished training: what scores, what is known of its quality (JSON-able), and what others may learn of it.

    ``trial``: the same recipe fitted on the older rows alone, to be tried against later models on newer ones;
    ``begins``: those rows are of an earlier ``order`` than this (None: it has learned from no row).
    ``contest``: how it does beside the champion that was handed in. ``looked``: where the newest wins and losses stood
    before they ended; None where outcomes have no dates.
    """

    bundle: Bundle
    report: dict[str, Any]
    share: Share | None = None
    trial: Bundle | None = None
    begins: int | None = None
    contest: Contest | None = None
    looked: Looked | None = None


# Sums in another number of threads have other last bits: the same data and seed must give the same bytes anywhere.
@threadpool_limits.wrap(limits=1)  # type: ignore[untyped-decorator]
def train(
    history: History,
    goal: Goal,
    *,
    as_of: datetime,
    seed: int,
    tenant: str,
    version: str,
    score_map: ScoreMap | None = None,
    confirmed: Collection[str] = (),
    attributes: Collection[str] = (),
    prior: Prior | None = None,
    gives: bool = False,
    champion: Champion | None = None,
    arms: pl.DataFrame | None = None,
    doubts: pl.DataFrame | None = None,
    taught_since: float | None = None,
) -> Training:
    """Train on what was known before ``as_of``.

    Under 30 distinct conversions, or where no time split can hold enough of them, the result is a
    scorecard. ``score_map`` of the first training keeps scores comparable; without it a new one is made.
    ``confirmed`` names fields that the admin vouches for: they are filled in before the outcome, whatever the guard
    says. The report tells its verdict all the same, and a quick model's AUC with and without them.
    ``attributes`` names fields over whose values the figures are compared (fairness); they need not be inputs. Fields
    that tell the source are compared over in any case.
    ``prior``: what other tenants' models have in common; it serves instead of the scorecard and is a candidate up to
    300 conversions. ``gives``: work out the tenant's own share for a later prior. Both mean something for ``DATED``
    goals alone. ``champion``: the model that scores now, for the contest.
    ``arms`` (``feedback.ARMS``): whose scores an experiment held back, so that what being shown does to leads can be
    taken out of what is learned.
    ``doubts`` (``doubts.DOUBTS``): leads of which a person said that they are none, or that their data are wrong.
    ``taught_since``: what the report of the last training for this goal says as ``taught_since_day``.

    Raises:
        HistoryError: a frame lacks the documented columns.

    """
    seen = watching.watched(history, goal, as_of)
    history = watching.as_seen(history, watching.failing(seen))
    timeline = Timeline(history)
    rows, freedom = freed(snapshots(history, goal, as_of=as_of, seed=seed), arms, goal)
    split = time_split(rows, goal) if distinct_conversions(rows) >= MIN_CONVERSIONS else None
    judgement = judge(Case(timeline, until(history, as_of), rows, split, goal, as_of, frozenset(confirmed)))
    young = _young(history, goal, as_of, seed, arms if freedom and freedom.used else None)
    task = Task(timeline, rows, goal, judgement.excluded(), seed, young, as_of)
    dated = goal.timing is Timing.DATED
    task = replace(task, prior=prior if dated else None, doubts=doubts, taught_since=taught_since)
    fitted, trial = (learned(task, split) if split else None) or ruled(task)
    bundle = Bundle(
        tenant=tenant,
        version=version,
        goal=goal,
        spec=fitted.spec,
        model=fitted.model,
        calibration=fitted.calibration,
        score_map=score_map or _first_map(rows, fitted, trial),
        tiers=_NO_BANDS,
        bands=fitted.bands,
        worth=learn_worth(rows, fitted.vectors.matrix, until(history, as_of).amounts),
        seen=look_at(fitted.vectors.matrix, rows["lead_id"].to_numpy(), _labels(rows), rows["weight"].to_numpy()),
    )
    scores = score(bundle, history, as_of=as_of, reasons=False)
    bundle = _with_tiers(bundle, scores["score_tenths"].to_numpy())
    doubted = assumed(timeline, goal, {*confirmed, *watching.holding(seen)})
    told = report(bundle, rows, fitted, trial, verdicts=judgement.verdicts, assumed=doubted, seed=seed)
    told |= {"quarantine": judgement.to_json(), "delay": delay_curve(history, goal, as_of)}
    told |= {"notes": notes(rows, trial, goal, judgement, told["delay"])}
    told |= described(bundle, timeline.fields, judgement.verdicts, rows, trial)
    told |= {"segments": _compared(timeline, trial, bundle.goal, attributes, told["inputs"], seed)}
    told |= {"segment_models": told_segments(trial.parted, trial.choice.segments if trial.choice else ())}
    told |= {"prior": told_prior(task.prior, bundle.model), "as_of": as_of.isoformat()}
    told |= {"matured": matured_conversions(history, goal, as_of)}
    told |= {"watched": {name: one.to_json() for name, one in seen.items()}}
    told["notes"] += watching.told(history, seen)
    if fitted.past is not None:
        told |= fitted.past.to_json()
        told["notes"] += fitted.past.sentences
    if freedom is not None:
        told |= {"feedback": freedom.to_json()}
        told["notes"].append(freedom.sentence)
    told["notes"] += pooled_notes(task.prior, bundle.model, judged_alone=trial.choice is None)
    share = task.share(fitted) if gives and dated else None
    met = contest(champion, bundle, Ground(history, as_of, task, fitted, trial, scores)) if champion else None
    looked = look_back(Back(task, trial, until(history, as_of), as_of, bundle.score_map))
    told |= {"lookback": looked.told if looked else None}
    return Training(bundle, told, share, _tried(bundle, trial), _begins(trial), met, looked)


def _tried(bundle: Bundle, trial: Trial) -> Bundle | None:
    """What was tried, in the form of what serves; it sets no band and explains nothing."""
    if trial.judged is None:
        return None
    judged = trial.judged
    bare = replace(bundle, spec=judged.spec, model=judged.model, calibration=judged.calibration, tiers=_NO_BANDS)
    return replace(bare, seen=None, bands=None, worth=None)


def _begins(trial: Trial) -> int | None:
    return None if trial.split is None or trial.rows.is_empty() else int(trial.rows["order"].min())  # type: ignore[arg-type]


def _compared(
    timeline: Timeline,
    trial: Trial,
    goal: Goal,
    attributes: Collection[str],
    inputs: Sequence[Mapping[str, Any]],
    seed: int,
) -> list[dict[str, Any]]:
    """The figures over the fields that tell the source, that part the leads, and that the admin names."""
    read = [one["field"] for one in inputs if one["use"] == "used"]
    parts = [goal.segment] if goal.segment else []
    compared = [*(field.name for field in timeline.fields.values() if field.source), *parts, *attributes]
    return segments(timeline, trial, compared, goal, read, seed)


def _young(history: History, goal: Goal, as_of: datetime, seed: int, arms: pl.DataFrame | None) -> pl.DataFrame | None:
    """Rows for the hazard form, which is a candidate under full complexity alone."""
    if goal.complexity is not Complexity.FULL:
        return None
    rows = young_snapshots(history, goal, as_of=as_of, seed=seed, seen_days=periods(goal.horizon_days)[0])
    return weighed(rows, arms, goal)


def _labels(rows: pl.DataFrame) -> Floats:
    return rows["label"].cast(pl.Float64).to_numpy()


def _first_map(rows: pl.DataFrame, fitted: Fitted, trial: Trial) -> ScoreMap:
    """Score 50 is the smoothed conversion rate of the first training's rows; under a pooled prior its mean chance."""
    weight = rows["weight"]
    if trial.choice is None and isinstance(fitted.model, Pooled) and not rows.is_empty():
        chance = float(np.average(expit(fitted.model.log_odds(fitted.vectors.matrix)), weights=weight.to_numpy()))
    else:
        chance = (float((weight * rows["label"]).sum()) + 1.0) / (float(weight.sum()) + 20.0)
    return ScoreMap(math.log(chance / (1 - chance)))


def _with_tiers(bundle: Bundle, tenths: Tenths) -> Bundle:
    """Thresholds as the goal sets them over the leads that are open now, and the share that the upper band comes to."""
    tiers, goal = by_goal(bundle.goal, tenths, bundle.score_map), bundle.goal
    if goal.high_intent is not HighIntent.SHARE:
        goal = replace(goal, high_intent_share=share_high(tiers, tenths))
    return replace(bundle, tiers=tiers, goal=goal)
