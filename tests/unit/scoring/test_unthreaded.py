"""Polars without its pool: what is done within is done once, in the caller's thread, to the same values."""

from __future__ import annotations

import threading

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.unthreaded import unthreaded


class _OwnError(Exception):
    """An error that polars knows nothing of."""


def test_work_is_done_once_in_the_callers_thread() -> None:
    seen: list[int] = []

    def work() -> str:
        seen.append(threading.get_ident())
        return "done"

    assert unthreaded(work) == "done"
    assert seen == [threading.get_ident()]


def test_what_is_raised_within_is_raised_as_it_is() -> None:
    error = _OwnError("as it is")

    def work() -> None:
        raise error

    with pytest.raises(_OwnError) as caught:
        unthreaded(work)
    assert caught.value is error


def test_it_may_be_nested_and_stand_in_several_threads() -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(unthreaded(lambda: unthreaded(lambda: 1)))) for _ in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1, 1, 1, 1]


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(allow_nan=False, allow_infinity=False)), max_size=60))
@settings(max_examples=60)
def test_values_are_the_same_to_the_bit(rows: list[tuple[int, float]]) -> None:
    frame = pl.DataFrame(rows, schema={"lead": pl.Int64, "value": pl.Float64}, orient="row")

    def work() -> pl.DataFrame:
        whole = frame.join(frame.group_by("lead").agg(pl.col("value").sum().alias("sum")), on="lead", how="left")
        return whole.filter(pl.col("value") >= 0).sort("lead", "value").with_columns(rest=pl.col("value") - 1)

    assert unthreaded(work).equals(work())
