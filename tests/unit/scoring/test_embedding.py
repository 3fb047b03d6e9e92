"""The learned embedding of steps: what it sees, that it is the same for a lead alone, and what it is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.features import Family, FeatureSpec, Vectors, build, catalogue, fit
from scoring.features.embedding import MIXES, TURNS
from scoring.metrics import auc
from scoring.models import Training, gbm
from scoring.population import numbered
from scoring.schema import EVENTS, LEADS, UTC_TIME, Timing
from scoring.timeline import Timeline
from tests.unit.scoring.walks import PAGES, Walks, there_and_back
from tests.unit.scoring.worlds import START, frame, history

COUNT = 3_000
NOW = START + timedelta(days=10)


@pytest.fixture(scope="module")
def walks() -> Walks:
    return there_and_back(COUNT, 1)


@pytest.fixture(scope="module")
def fitted(walks: Walks) -> tuple[FeatureSpec, Vectors]:
    return fit(Timeline(walks.history), walks.rows, Timing.DATED)


def _named(vectors: Vectors, prefix: str) -> list[int]:
    return [place for place, name in enumerate(vectors.columns) if name.startswith(prefix)]


def _ranked(vectors: Vectors, label: np.ndarray, columns: list[int]) -> float:
    half = len(label) // 2
    part = np.ascontiguousarray(vectors.matrix[:, columns])
    model = gbm.small_fit(Training(part[:half], label[:half], np.ones(half), (), 1))
    return float(auc(label[half:], model.log_odds(part[half:])))


def test_the_way_is_seen_where_counts_say_nothing(walks: Walks, fitted: tuple[FeatureSpec, Vectors]) -> None:
    """Half of the leads walk the others' ways backwards; the course tells them apart in eight numbers."""
    _, vectors = fitted
    sequential = set(_named(vectors, "order.") + _named(vectors, "course."))
    others = [place for place in range(len(vectors.columns)) if place not in sequential]
    assert _ranked(vectors, walks.label, _named(vectors, "course.")) > 0.65
    assert _ranked(vectors, walks.label, others) < 0.56


def test_it_is_few_columns_with_words_that_people_read(fitted: tuple[FeatureSpec, Vectors]) -> None:
    """One label a column, no two alike, and a sentence for each lead."""
    spec, vectors = fitted
    declared = catalogue(spec).features
    learned = [declared[name] for name in vectors.columns if name.startswith(("mix.", "course."))]
    assert len(learned) == MIXES + TURNS
    assert {feature.family for feature in learned} == {Family.INTERACTION}
    assert {feature.concept for feature in learned} == {"Mix of steps", "Order of actions"}
    labels = [feature.label for feature in learned]
    assert len(set(labels)) == len(labels)
    assert all("visits: /page-" in label for label in labels)
    said = vectors.base.select(catalogue(spec).sentences["Mix of steps"].alias("said"))["said"]
    assert said.str.starts_with("Last step: Page visits: /page-").all()


def test_the_same_rows_give_the_same_arrays_and_come_back_from_plain_data(
    walks: Walks, fitted: tuple[FeatureSpec, Vectors]
) -> None:
    """Whatever the order in which events were read."""
    shuffled = replace(walks.history, events=walks.history.events.sample(fraction=1.0, shuffle=True, seed=4))
    spec, vectors = fit(Timeline(shuffled), walks.rows, Timing.DATED)
    assert spec == fitted[0]
    assert vectors.matrix.tobytes() == fitted[1].matrix.tobytes()
    assert FeatureSpec.from_json(spec.to_json()) == spec


@settings(max_examples=20, deadline=None)
@given(chosen=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=5, unique=True))
def test_a_lead_alone_has_the_same_bits_as_in_the_batch(
    walks: Walks, fitted: tuple[FeatureSpec, Vectors], chosen: list[int]
) -> None:
    """Any few rows in any order."""
    spec, vectors = fitted
    alone = build(Timeline(walks.history), walks.rows[chosen], spec)
    assert alone.matrix.tobytes() == np.ascontiguousarray(vectors.matrix[chosen]).tobytes()


def _one_lead(pages: list[int], hours: list[float]) -> Timeline:
    leads = {"lead_id": [1], "created_at": [START], "intake_order": [None], "company_key": [None], "email_kind": [None]}
    events = {
        "lead_id": [1] * len(pages),
        "at": [NOW - timedelta(hours=hour) for hour in hours],
        "kind": ["page_view"] * len(pages),
        "actor": ["lead"] * len(pages),
        "detail": [PAGES[page] for page in pages],
    }
    return Timeline(history(frame(leads, LEADS), events=frame(events, EVENTS)))


def _learned(spec: FeatureSpec, timeline: Timeline) -> dict[str, float]:
    row = numbered(pl.DataFrame({"lead_id": [1], "as_of": [NOW]}, schema={"lead_id": pl.Int64, "as_of": UTC_TIME}))
    vectors = build(timeline, row, spec)
    return dict(zip(vectors.columns, vectors.matrix[0].tolist(), strict=True))


@settings(max_examples=25, deadline=None)
@given(pages=st.lists(st.integers(0, len(PAGES) - 1), max_size=12))
def test_a_way_backwards_is_the_same_mix_and_the_opposite_course(
    fitted: tuple[FeatureSpec, Vectors], pages: list[int]
) -> None:
    """Which is why counts can't take part in it. Steps of one day weigh alike."""
    spec = fitted[0]
    hours = [20.0 - place for place in range(len(pages))]
    there = _learned(spec, _one_lead(pages, hours))
    back = _learned(spec, _one_lead(pages[::-1], hours))
    for name in there:
        if name.startswith("course."):
            assert there[name] == pytest.approx(-back[name], abs=1e-12)
        if name.startswith("mix."):
            assert there[name] == pytest.approx(back[name], abs=1e-12)


def test_only_a_lead_s_last_steps_before_the_cut_count(fitted: tuple[FeatureSpec, Vectors]) -> None:
    """Steps after the cut and of a quarter ago are in no number; a newer step weighs more than an older one."""
    spec = fitted[0]
    plain = _learned(spec, _one_lead([0, 1, 2], [30, 20, 10]))
    more = _learned(spec, _one_lead([3, 0, 1, 2, 4], [91 * 24, 30, 20, 10, 0]))
    names = [name for name in plain if name.startswith(("course.", "mix."))]
    assert [plain[name] for name in names] == [more[name] for name in names]
    older = _learned(spec, _one_lead([0, 1, 2], [800, 20, 10]))
    assert any(older[name] != plain[name] for name in names if name.startswith("mix."))
