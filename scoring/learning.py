"""From snapshot rows to a fitted, calibrated model, and what its trial on newer rows showed."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import polars as pl

from scoring import bands, drift, facts
from scoring.bands import Bands
from scoring.calibration import IDENTITY, Calibration
from scoring.courses import course, known_at
from scoring.crossed import crossed
from scoring.drift import Drift
from scoring.evaluation import Window, resampled_together
from scoring.facts import Facts
from scoring.features import FeatureSpec, Matrix, Vectors, build, catalogue, fit
from scoring.metrics import Floats
from scoring.minimums import SIGMOID_FROM
from scoring.models import Model, pooled, scorecard
from scoring.models import Training as Rows
from scoring.models.choose import Choice
from scoring.models.judging import Fold
from scoring.newest import begins
from scoring.past import Past
from scoring.pooling.giving import give, information
from scoring.pooling.share import Share
from scoring.prior import Prior
from scoring.schema import Goal, Timing
from scoring.segmenting import Segmentation, segmentation
from scoring.sequence import rung
from scoring.splits import Mask, Origin, Split, distinct_conversions, origins
from scoring.timeline import Timeline
from scoring.windows import Held, calibrated

_DAY_US = 86_400_000_000
POOLED_UNTIL = 300
"""From more distinct converting leads than these a tenant's own data say more than other tenants' do."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be learned from."""

    timeline: Timeline
    rows: pl.DataFrame
    goal: Goal
    excluded: Collection[str]
    seed: int
    young: pl.DataFrame | None = None
    """Rows whose horizon has not passed."""
    present: datetime | None = None
    """When the history ends; goes with ``young``."""
    prior: Prior | None = None
    """What other tenants' models have in common."""
    facts: Facts | None = None
    """The facts that may be looked at, where the goal allows fewer than there are."""
    doubts: pl.DataFrame | None = None
    """Leads of which a person said that they are none (``doubts.DOUBTS``)."""
    taught_since: float | None = None
    """The day (since 1970) before which nobody came who taught the last training anything."""

    def fitted(self, rows: pl.DataFrame) -> tuple[FeatureSpec, Vectors]:
        """The features of ``rows``."""
        seller = self.goal.seller_activity
        spec, vectors = fit(self.timeline, rows, self.goal.timing, self.excluded, seller_activity=seller)
        if self.facts is None:
            return spec, vectors
        spec, kept = facts.restricted(spec, self.facts.kept)
        return spec, Vectors(vectors.base, np.ascontiguousarray(vectors.matrix[:, kept]), spec.columns)

    def capped(self, spec: FeatureSpec, learned: Mask) -> Task:
        """With the strongest facts of the ``learned`` rows alone, where the goal allows fewer than ``spec`` has."""
        most = self.goal.most_facts
        if most is None or len(facts.of(spec)) <= most:
            return self
        rows = self.training(build(self.timeline, self.rows, spec).matrix, spec).where(learned)
        return replace(self, facts=facts.strongest(rows, most))

    def training(self, matrix: Matrix, spec: FeatureSpec) -> Rows:
        """The rows with their vectors."""
        return self._training(self.rows, matrix, spec)

    def pool(self, most: float = math.inf) -> pooled.Recipe | None:
        """How to start from the prior, where there is one and no more than ``most`` leads convert."""
        if self.prior is None or distinct_conversions(self.rows) > most:
            return None
        label = self.rows["label"].cast(pl.Float64).to_numpy()
        return pooled.Recipe(self.prior, information(label, self.rows["lead_id"].to_numpy()))

    def share(self, fitted: Fitted) -> Share | None:
        """What the tenant may give to others, if it has leads and conversions enough."""
        return give(self.training(fitted.vectors.matrix, fitted.spec), self.rows["lead_id"].to_numpy())

    def latest(self, matrix: Matrix, spec: FeatureSpec) -> Rows:
        """The rows and the young ones, as they stand at the history's end."""
        if self.young is None or self.present is None:
            return self.training(matrix, spec)
        rows = pl.concat([self.rows, self.young])
        matrix = np.concatenate([matrix, build(self.timeline, self.young, spec).matrix])
        matured = np.arange(rows.height) < self.rows.height
        return known_at(
            self._training(rows, matrix, spec),
            rows["order"].to_numpy(),
            matured,
            round(self.present.timestamp() * 1_000_000),
        )

    def _training(self, rows: pl.DataFrame, matrix: Matrix, spec: FeatureSpec) -> Rows:
        label = rows["label"].cast(pl.Float64).to_numpy()
        declared = catalogue(spec).features
        concepts = tuple(declared[name].concept for name in spec.columns)
        weight = rows["weight"].to_numpy()
        dated = self.goal.timing is Timing.DATED
        day = rows["order"].to_numpy() / _DAY_US if dated else None
        return Rows(matrix, label, weight, spec.columns, self.seed, concepts, course(rows, self.goal), day=day)


@dataclass(frozen=True, slots=True)
class Judged:
    """A recipe as it was fitted for its trial, with the features and the calibration of that time."""

    spec: FeatureSpec
    model: Model
    calibration: Calibration


@dataclass(frozen=True, slots=True)
class Trial:
    """The judging rows (newer than all that was learned from), their vectors and calibrated log-odds.

    ``choice``, ``split`` and ``learned_from`` (the rows before the judging ones) are None for the scorecard.
    """

    rows: pl.DataFrame
    matrix: Matrix
    columns: tuple[str, ...]
    log_odds: Floats
    choice: Choice | None = None
    split: Split | None = None
    learned_from: Rows | None = None
    parted: Segmentation | None = None
    """Where the goal names a field to part leads by."""
    facts: Facts | None = None
    """Where fewer could be looked at than there are."""
    past: Past | None = None
    """What of the rows before counted less, or not at all: the rows of ``learned_from`` are those that were kept."""
    judged: Judged | None = None
    """What made ``log_odds``: it has learned from none of the rows, so that it can be tried on newer ones again."""
    moved: Drift | None = None
    """Whether the rows behave as was foretold; None where too few convert to say."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What serves."""

    spec: FeatureSpec
    vectors: Vectors
    model: Model
    calibration: Calibration
    bands: Bands
    past: Past | None = None
    """What counted less, or not at all; None where rules were not learned."""


def learned(task: Task, split: Split) -> tuple[Fitted, Trial] | None:
    """Choose over rolling origins, judge on the test window, then refit the recipe on all matured rows.

    None where no input varies, so that there is nothing to learn from.

    The trial's model has seen all rows before the test and is calibrated on the rolling windows alone;
    the serving model is calibrated on them and the test window.
    """
    spec, _ = task.fitted(task.rows.filter(pl.Series(split.dev)))
    if not spec.columns:
        return None
    task = task.capped(spec, split.dev)
    if task.facts is not None:
        spec, _ = facts.restricted(spec, task.facts.kept)
    if task.goal.most_facts is None:
        # A network over all that happened looks at more than a few facts.
        spec = rung.offered(spec, distinct_conversions(task.rows, split.dev), task.goal.complexity)
    matrix = build(task.timeline, task.rows, spec).matrix
    whole = task.training(matrix, spec)
    found = origins(task.rows, split, dated=task.goal.timing is Timing.DATED)
    parted = _parted(task, spec, matrix, split)
    columns = parted.columns() if parted else ()
    choice = rung.climbed(folds(task.rows, whole, found), spec, task.goal.complexity, task.pool(POOLED_UNTIL), columns)
    spec, matrix = rung.served(spec, matrix, choice)
    order, whole = task.rows["order"].to_numpy(), task.training(matrix, spec)
    until = int(order[split.test].min())
    # Nothing of the last training: what it found out may come from the test rows.
    past = _past(task, whole, spec, split.dev, until)
    before = past.learned(known_at(whole, order, split.dev & past.kept, until))
    judged = choice.recipe.fit(before)
    raw = judged.log_odds(matrix[split.test])
    windows = list(zip((origin.window for origin in found), choice.log_odds, strict=True))
    calibration = out_of_fold(task.rows, windows)
    test, tried = task.rows.filter(pl.Series(split.test)), Judged(spec, judged, calibration)
    log_odds = calibration.apply(raw)
    moved = drift.judged(Window.of(test, log_odds), task.seed)
    found_out = (choice, split, before, parted, task.facts, past, tried, moved)
    trial = Trial(test, matrix[split.test], spec.columns, log_odds, *found_out)
    spec, vectors, model, served = _refitted(task, choice, framed=spec.framed)
    windows = _behaving(task, choice, moved, (spec, vectors, served)) or [*windows, (split.test, raw)]
    pooled = out_of_fold(task.rows, windows)
    return Fitted(spec, vectors, model, pooled, bands.learn(task.rows, windows, pooled), served), trial


def _behaving(
    task: Task, choice: Choice, moved: Drift | None, served: tuple[FeatureSpec, Vectors, Past]
) -> list[tuple[Mask, Floats]]:
    """The newest rows, of which what serves is asked as it knows them, where the test is other than foretold.

    The trial was wrong about those rows for what it could not know, and what serves has learned it: whatever sets the
    trial right would set what serves wrong. So it is where what serves is less strict than the trial, whose log-odds
    lie closer together. None: it is as foretold, or too little is known.
    """
    spec, vectors, past = served
    differs = moved is not None and moved.reasons and task.goal.timing is Timing.DATED
    freer = past.memory.freed(choice.recipe) != choice.recipe
    start = begins(task.rows, np.ones(task.rows.height, dtype=bool)) if differs or freer else None
    if start is None:
        return []
    newest = task.rows["order"].to_numpy() >= start
    whole = task.training(vectors.matrix, spec)
    return [(newest, crossed(task.rows, whole, choice.recipe, past, newest))]


def _parted(task: Task, spec: FeatureSpec, matrix: Matrix, split: Split) -> Segmentation | None:
    if task.goal.segment is None:
        return None
    return segmentation(task.timeline, task.goal.segment, spec, task.rows, matrix, split.dev)


def _refitted(task: Task, choice: Choice, *, framed: bool) -> tuple[FeatureSpec, Vectors, Model, Past]:
    """What serves: features and model of all matured rows, and what of them counted less."""
    spec, vectors = task.fitted(task.rows)
    if framed:
        spec = rung.with_frame(spec)
        vectors = build(task.timeline, task.rows, spec)
    whole, every = task.training(vectors.matrix, spec), np.ones(task.rows.height, dtype=bool)
    present = task.present.timestamp() * 1_000_000 if task.present else math.inf
    past = _past(task, whole, spec, every, present, task.taught_since)
    learner = replace(task, rows=task.rows.filter(pl.Series(past.kept)))
    latest = learner.latest if choice.follows else learner.training
    model = past.memory.freed(choice.recipe).fit(past.learned(latest(vectors.matrix[past.kept], spec)))
    return spec, vectors, model, past


def _past(task: Task, whole: Rows, spec: FeatureSpec, among: Mask, until: float, since: float | None = None) -> Past:
    # Without what a network reads alone: the linear model that is asked is none.
    plain = rung.plain(whole) if spec.framed else whole
    return Past.asked(task.rows, plain, among, task.doubts, until, since)


def folds(rows: pl.DataFrame, whole: Rows, found: Sequence[Origin]) -> list[Fold]:
    """The vectors of every origin."""
    order = rows["order"].to_numpy()
    sloped = distinct_conversions(rows, _together([origin.window for origin in found])) >= SIGMOID_FROM
    return [
        Fold(
            known_at(whole, order, origin.train, int(order[origin.window].min())),
            whole.where(origin.window),
            resampled_together(rows.filter(pl.Series(origin.window))),
            sloped,
        )
        for origin in found
    ]


def out_of_fold(rows: pl.DataFrame, windows: Sequence[tuple[Mask, Floats]]) -> Calibration:
    """The calibration by what models that had not seen the windows, oldest first, say of them."""
    held = []
    for mask, raw in windows:
        part = rows.filter(pl.Series(mask))
        label = part["label"].cast(pl.Float64).to_numpy()
        held.append(Held(raw, label, part["weight"].to_numpy(), distinct_conversions(part)))
    every = _together([mask for mask, _ in windows])
    return calibrated(held, distinct_conversions(rows, every))


def _together(masks: Sequence[Mask]) -> Mask:
    every: Mask = np.logical_or.reduce(masks)
    return every


def ruled(task: Task) -> tuple[Fitted, Trial]:
    """The pooled prior, where there is one, else the scorecard.

    All rows may judge it: of the scorecard nothing is learned but the base rate, and of the other form the prior alone
    is judged, which has not seen this tenant. The serving model has also learned from the tenant's few conversions.
    """
    spec, vectors = task.fitted(task.rows)
    rows, pool = task.training(vectors.matrix, spec), task.pool()
    model: Model = scorecard.fit(rows) if pool is None else pool.fit(rows)
    judged = model if pool is None else replace(pool, blind=True).fit(rows)
    log_odds = judged.log_odds(vectors.matrix)
    every = (np.ones(task.rows.height, dtype=bool), log_odds)
    known = bands.learn(task.rows, [every], IDENTITY)
    trial = Trial(task.rows, vectors.matrix, spec.columns, log_odds, judged=Judged(spec, judged, IDENTITY))
    return Fitted(spec, vectors, model, IDENTITY, known), trial
