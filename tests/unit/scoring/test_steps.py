"""Pages, forms and campaigns that recur, and the order in which things happen."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import polars as pl

from scoring.features import Vectors, build, catalogue, fit
from scoring.metrics import auc
from scoring.models import Training, gbm
from scoring.population import numbered
from scoring.schema import EVENTS, LEADS, UTC_TIME, History, Timing
from scoring.timeline import Timeline
from tests.unit.scoring.worlds import AS_OF, START, frame, history

STEPS = ("/docs", "/pricing", "/blog", "/demo")


def _walks(count: int, seed: int) -> tuple[History, np.ndarray]:
    """Leads who all visit the same four pages once; those who come from the docs to the prices convert more."""
    rng = np.random.default_rng(seed)
    orders = [rng.permutation(len(STEPS)) for _ in range(count)]
    eager = np.array([(0, 1) in pairwise(order.tolist()) for order in orders])
    label = rng.random(count) < np.where(eager, 0.6, 0.1)
    begun = [START + timedelta(days=float(day)) for day in rng.uniform(200, 300, count)]
    events = frame(
        {
            "lead_id": np.repeat(np.arange(count), len(STEPS)),
            "at": [at + timedelta(hours=place) for at in begun for place in range(len(STEPS))],
            "kind": ["page_view"] * count * len(STEPS),
            "actor": ["lead"] * count * len(STEPS),
            "detail": [STEPS[place] for order in orders for place in order],
        },
        EVENTS,
    )
    leads = frame(
        {
            "lead_id": range(count),
            "created_at": begun,
            "intake_order": [None] * count,
            "company_key": [None] * count,
            "email_kind": [None] * count,
        },
        LEADS,
    )
    return history(leads, events=events), label.astype(np.float64)


def _rows(count: int) -> pl.DataFrame:
    at = [AS_OF - timedelta(days=60)] * count
    return numbered(
        pl.DataFrame({"lead_id": range(count), "as_of": at}, schema={"lead_id": pl.Int64, "as_of": UTC_TIME})
    )


def _ranked(vectors: Vectors, label: np.ndarray, columns: list[int]) -> float:
    half = len(label) // 2
    part = np.ascontiguousarray(vectors.matrix[:, columns])
    training = Training(part[:half], label[:half], np.ones(half), (), 1)
    return float(auc(label[half:], gbm.small_fit(training).log_odds(part[half:]), np.ones(len(label) - half)))


def test_an_order_that_matters_is_seen_where_counts_say_nothing() -> None:
    """Everyone visits the same pages: only what came after what tells who converts."""
    walks, label = _walks(3_000, 5)
    _, vectors = fit(Timeline(walks), _rows(3_000), Timing.DATED)
    ordered = [place for place, name in enumerate(vectors.columns) if name.startswith("order.")]
    sequential = ("order.", "mix.", "course.", "age", "created")
    others = [place for place, name in enumerate(vectors.columns) if not name.startswith(sequential)]
    assert _ranked(vectors, label, ordered) > 0.7
    assert (
        _ranked(vectors, label, [*ordered, *others]) - _ranked(vectors, label, others or ordered) > 0.05 or not others
    )


def test_a_name_of_one_month_is_no_feature() -> None:
    """What will not come again says nothing; pages that recur are features with a sentence."""
    walks, _ = _walks(600, 6)
    once = walks.events.filter(pl.col("at") < START + timedelta(days=210)).with_columns(detail=pl.lit("/spring"))
    walks = history(walks.leads, events=pl.concat([walks.events, once]))
    spec, vectors = fit(Timeline(walks), _rows(600), Timing.DATED)
    assert {detail for _, detail in spec.details} == set(STEPS)
    sentence = catalogue(spec).sentences["Page visits: /pricing"]
    assert set(vectors.base.select(sentence.alias("said"))["said"]) == {
        "Visited 1 page (/pricing) in the last 90 days",
        "No visit (/pricing) in the last 90 days",
    }


def test_a_lead_alone_has_the_same_vector_as_in_a_batch() -> None:
    """Counting by arrays does not depend on the neighbours."""
    walks, _ = _walks(300, 7)
    timeline = Timeline(walks)
    spec, vectors = fit(timeline, _rows(300), Timing.DATED)
    for place in (0, 17, 299):
        alone = build(timeline, _rows(300)[place : place + 1], spec)
        assert alone.matrix.tobytes() == vectors.matrix[place : place + 1].tobytes()
