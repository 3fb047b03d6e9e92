"""Expected value: chance × what such a conversion brings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import worth
from scoring.bundle import dumps, loads
from scoring.predict import score
from scoring.schema import AMOUNTS, History
from scoring.train import train
from tests.unit.scoring.trained import WORLD, trained
from tests.unit.scoring.worlds import AS_OF, PLAIN_GOAL, START, dated

COUNT = 240


def rows(count: int = COUNT) -> pl.DataFrame:
    """One converted row a lead."""
    return pl.DataFrame({"lead_id": range(1, count + 1), "label": [1] * count, "order": range(count)})


def amounts(values: list[int], currency: list[str | None] | None = None) -> pl.DataFrame:
    count = len(values)
    columns = {
        "lead_id": range(1, count + 1),
        "at": [START + timedelta(days=day) for day in range(count)],
        "amount": values,
        "currency": currency or ["EUR"] * count,
    }
    return pl.DataFrame(columns, schema=AMOUNTS)


def driven(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A column that drives the amount, one that does not, and the amounts."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(COUNT, 2))
    paid = np.exp(11 + 0.8 * matrix[:, 0] + 0.3 * rng.normal(size=COUNT)).round().astype(np.int64)
    return matrix, paid


def test_amounts_follow_what_drives_them_and_their_mean_is_right() -> None:
    """Smearing: the mean of logarithms would say too little."""
    matrix, paid = driven()
    found = worth.learn(rows(), matrix, amounts(paid.tolist()))
    assert found is not None
    assert found.scaling is not None
    told = found.amounts(matrix)
    assert np.corrcoef(np.log(told), matrix[:, 0])[0, 1] > 0.98
    assert told.mean() == pytest.approx(paid.mean(), rel=0.08)


def test_noise_is_answered_with_the_mean() -> None:
    """Inputs that say nothing about amounts must not move them."""
    matrix, paid = driven()
    shuffled = np.random.default_rng(1).permutation(paid)
    found = worth.learn(rows(), matrix, amounts(shuffled.tolist()))
    assert found is not None
    assert found.scaling is None
    assert found.amounts(matrix).tolist() == [float(paid.mean())] * COUNT


def test_too_few_amounts_say_nothing() -> None:
    """Nine deals are anecdotes; gifts and credits are no amounts."""
    matrix, paid = driven()
    assert worth.learn(rows(), matrix, amounts(paid.tolist()[:9])) is None
    assert worth.learn(rows(), matrix, amounts([0] * COUNT)) is None


def test_of_several_currencies_the_most_frequent_one_counts() -> None:
    """Amounts of two currencies are not added."""
    currency: list[str | None] = ["USD" if place % 3 else "JPY" for place in range(COUNT)]
    values = [100_00 if place % 3 else 1_000_000_00 for place in range(COUNT)]
    found = worth.learn(rows(), np.zeros((COUNT, 1)), amounts(values, currency))
    assert found is not None
    assert (found.currency, found.mean) == ("USD", 100_00.0)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6) | st.just(float("nan")), min_size=2, max_size=2))
def test_no_lead_is_worth_more_or_less_than_any_was(lead: list[float]) -> None:
    """Whatever the inputs, also after a way through JSON."""
    matrix, paid = driven()
    found = worth.learn(rows(), matrix, amounts(paid.tolist()))
    assert found is not None
    (told,) = worth.Worth.from_json(found.to_json()).amounts(np.array([lead]))
    assert paid.min() <= told <= paid.max()


def paid_world(count: int) -> History:
    made = dated(count)
    size = made.values.filter(pl.col("field") == "size").select("lead_id", pl.col("value").cast(pl.Int64))
    paid = made.conversions.join(size, on="lead_id").select(
        "lead_id", "at", (pl.col("value") * 1_000).alias("amount"), pl.lit("EUR").alias("currency")
    )
    return replace(made, amounts=paid.cast(dict(AMOUNTS)))


def test_scores_carry_the_expected_value() -> None:
    """Chance × amount in whole hundredths, kept through the artefact; larger companies are worth more."""
    past = paid_world(500)
    made = train(past, PLAIN_GOAL, as_of=AS_OF, seed=1, tenant="t", version="v1")
    bundle = loads(dumps(made.bundle), tenant="t")
    assert made.report["worth"]["currency"] == "EUR"
    found = score(bundle, past, as_of=AS_OF, reasons=False)
    assert found["expected"].null_count() == 0
    assert set(found["currency"]) == {"EUR"}
    size = past.values.filter(pl.col("field") == "size").select("lead_id", pl.col("value").cast(pl.Float64).log())
    both = found.join(size, on="lead_id").select(pl.col("value"), (pl.col("expected") / pl.col("probability")).log())
    assert both.select(pl.corr("value", "expected")).item() > 0.5


def test_without_amounts_nothing_is_expected() -> None:
    """Null, not zero."""
    assert trained().report["worth"] is None
    assert score(trained().bundle, WORLD, as_of=AS_OF, reasons=False)["expected"].null_count() > 0


def test_amounts_of_the_future_teach_nothing() -> None:
    """What is paid at the present or later is not known yet."""
    past = paid_world(150)
    later = past.amounts.with_columns(pl.lit(AS_OF).cast(AMOUNTS["at"]).alias("at"))
    made = train(replace(past, amounts=later), PLAIN_GOAL, as_of=AS_OF, seed=1, tenant="t", version="v1")
    assert made.report["worth"] is None
