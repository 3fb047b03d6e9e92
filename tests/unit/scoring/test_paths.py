"""A score is the same on every path: the nightly batch, leads woken by an event, a lead asked for by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import Bundle, dumps, loads
from scoring.predict import INPUTS, Recorded, score_recorded
from scoring.schema import History
from scoring.train import train
from tests.unit.scoring.worlds import AS_OF, PLAIN_GOAL, dated

COUNT = 150
MOMENTS = st.integers(0, 90 * 24).map(lambda hours: AS_OF - timedelta(hours=hours))


@cache
def world() -> History:
    """Few conversions, so that a scorecard serves: what is tried is how vectors come about, not what is learned."""
    whole = dated(COUNT, seed=7)
    return replace(whole, conversions=whole.conversions.head(9))


@cache
def bundle() -> Bundle:
    made = train(world(), PLAIN_GOAL, as_of=AS_OF, seed=1, tenant="t1", version="m")
    return loads(dumps(made.bundle), tenant="t1")


def alone(whole: History, leads: list[int]) -> History:
    """What a request about these leads reads: theirs, and of their companies' other leads what they did."""
    mine = whole.leads.filter(pl.col("lead_id").is_in(leads))
    companies = mine["company_key"].drop_nulls().implode()
    near = whole.leads.filter(pl.col("lead_id").is_in(leads) | pl.col("company_key").is_in(companies))
    ids = near["lead_id"].implode()
    parts = {
        name: getattr(whole, name).filter(pl.col("lead_id").is_in(ids))
        for name in ("values", "events", "conversions", "exclusions")
    }
    return replace(whole, leads=near, **parts)


def bits(found: Recorded, leads: list[int]) -> tuple[bytes, pl.DataFrame]:
    """Vectors and scores of ``leads``, in their order."""
    chosen = found.inputs["lead_id"].is_in(leads)
    numbers = found.inputs.filter(chosen).drop(INPUTS.names()).to_numpy()
    return np.ascontiguousarray(numbers).tobytes(), found.scores.filter(chosen)


@settings(max_examples=8, deadline=None)
@given(MOMENTS, st.lists(st.integers(1, COUNT), min_size=1, max_size=6, unique=True), st.randoms(use_true_random=False))
def test_batch_woken_leads_and_single_requests_give_the_same_bits(
    as_of: datetime, leads: list[int], order: object
) -> None:
    """At any time, for any few leads, in any order of the stored rows."""
    whole = world()
    seed = order.randrange(1_000)  # type: ignore[attr-defined]
    mixed = replace(whole, events=whole.events.sample(fraction=1.0, shuffle=True, seed=seed))
    batch = bits(score_recorded(bundle(), whole, as_of=as_of, former={}), leads)
    woken = bits(score_recorded(bundle(), mixed, as_of=as_of, former={}, lead_ids=leads), leads)
    asked = bits(score_recorded(bundle(), alone(mixed, leads), as_of=as_of, former={}, lead_ids=leads), leads)
    assert batch[0] == woken[0] == asked[0]
    assert batch[1].equals(woken[1])
    assert batch[1].equals(asked[1])
