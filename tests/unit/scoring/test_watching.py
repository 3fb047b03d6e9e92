"""Fields that a source does not date, watched by successive readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from scoring.bundle import dumps, loads
from scoring.dataset import snapshots
from scoring.features import build
from scoring.predict import as_trained, score
from scoring.schema import READINGS, VALUES, Complexity, Field, FieldType, History, Knowledge
from scoring.timeline import Timeline
from scoring.train import Training, train
from scoring.watching import State, as_seen, failing, watched
from scoring.whatif import what_if
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, START, dated

DAY = timedelta(days=1)
WATCH = START + 60 * DAY
Seen = tuple[int, str | None, datetime]


def world() -> History:
    """Leads over a year, whose undated fields are read from the 60th day on.

    ``kept`` is there from creation; ``enriched`` comes ten days later for a fifth; ``reason`` when a lead converts.
    """
    plain = dated(450, seed=5)
    rng = np.random.default_rng(0)
    won = dict(plain.conversions.iter_rows())
    seen: Mapping[str, list[Seen]] = {"kept": [], "enriched": [], "reason": []}
    for lead, born in plain.leads.select("lead_id", "created_at").iter_rows():
        seen["kept"].append((lead, str(rng.integers(3)), max(born, WATCH)))
        if rng.random() < 0.2:
            seen["enriched"].append((lead, "yes", max(born + 10 * DAY, WATCH)))
        if lead in won:
            seen["reason"].append((lead, "price", max(won[lead] + timedelta(hours=2), WATCH)))
    rows = [(lead, name, value, at) for name, found in seen.items() for lead, value, at in found]
    readings = pl.DataFrame(rows, schema=READINGS, orient="row")
    # The source shows them as of today, as every source without a history does.
    shown = readings.with_columns(known_at=pl.lit(None, VALUES["known_at"])).select(VALUES.names())
    fields = tuple(
        Field(name, name.title(), FieldType.CATEGORY, Knowledge.UNDATED, watched_since=WATCH) for name in seen
    )
    values = pl.concat([plain.values, shown])
    return replace(plain, values=values, fields=(*plain.fields, *fields), readings=readings)


@pytest.fixture(scope="module")
def whole() -> History:
    return world()


@pytest.fixture(scope="module")
def trained(whole: History) -> Training:
    goal = replace(DATED_GOAL, complexity=Complexity.INTERPRETABLE)
    return train(whole, goal, as_of=AS_OF, seed=1, tenant="t1", version="m")


def test_the_assumption_is_tested_by_what_readings_saw(whole: History) -> None:
    """A value that stays holds, one that comes later fails, and so does one that comes with the conversion alone."""
    found = watched(whole, DATED_GOAL, AS_OF)
    states = {name: one.state for name, one in found.items()}
    assert states == {"kept": State.HOLDS, "enriched": State.FAILS, "reason": State.FAILS}
    assert found["reason"].changed_at_conversion == found["reason"].converted > 0
    assert "Watched for 306 days" in found["kept"].sentence()


def test_filling_and_change_are_told_by_the_age_of_leads(whole: History) -> None:
    """Young leads are given the value; of those that were older when the watch began, nobody is."""
    young, *_, old = watched(whole, DATED_GOAL, AS_OF)["enriched"].ages
    assert young.changed == young.filled_last - young.filled_first > 0
    assert old.leads == 0 or old.changed == 0
    assert sum(one.leads for one in watched(whole, DATED_GOAL, AS_OF)["kept"].ages) <= whole.leads.height


@pytest.mark.parametrize("days", [0, 29])
def test_before_thirty_days_nothing_is_said(whole: History, days: int) -> None:
    """Nor of fields that were never read again, nor where outcomes have no dates."""
    assert watched(whole, DATED_GOAL, WATCH + days * DAY) == {}
    assert watched(replace(whole, fields=world_fields(whole, None)), DATED_GOAL, AS_OF) == {}


def world_fields(whole: History, since: datetime | None) -> tuple[Field, ...]:
    return tuple(replace(field, watched_since=since) for field in whole.fields)


def test_few_leads_leave_it_open(whole: History) -> None:
    """Neither held nor failed."""
    few = replace(whole, leads=whole.leads.head(20), conversions=whole.conversions.head(0))
    assert {one.state for one in watched(few, DATED_GOAL, AS_OF).values()} == {State.OPEN}


def test_a_failing_field_counts_only_from_when_it_was_first_seen(whole: History) -> None:
    """Nothing before that reading may use it; from then on it is as it was shown."""
    seen = as_seen(whole, ["enriched"])
    rows = snapshots(seen, DATED_GOAL, as_of=AS_OF, seed=0)
    shown = Timeline(seen).values(rows, ["enriched"])["enriched"].is_not_null()
    first = whole.readings.filter(pl.col("field") == "enriched").select("lead_id", seen="at")
    expected = rows.join(first, on="lead_id", how="left", maintain_order="left").select(
        (pl.col("seen") < pl.col("as_of")).fill_null(value=False)
    )
    assert shown.to_list() == expected.to_series().to_list()
    assert as_seen(seen, ["enriched"]) is seen


def test_the_training_says_so_and_a_leak_is_proven_by_its_dates(trained: Training) -> None:
    """What fails is named with what was seen; what comes with the conversion is a proven leak now."""
    report = trained.report
    assert {name for name, one in report["watched"].items() if one["state"] == "fails"} == {"enriched", "reason"}
    assert any("“Enriched” was not known from creation" in note for note in report["notes"])
    verdicts = {one["field"]: one["verdict"] for one in report["leakage"]}
    assert verdicts["reason"] == "proven"
    assert verdicts["kept"] == "clear"


def test_serving_reads_the_times_that_the_model_learned(whole: History, trained: Training) -> None:
    """A lead's vector at any time is that of a training row then, and a what-if changes the field all the same."""
    bundle = loads(dumps(trained.bundle), tenant="t1")
    assert [field.name for field in bundle.spec.fields if field.observed] == ["enriched"]
    assert not any(name.endswith(".since") and "enriched" in name for name in bundle.spec.columns)
    scores = score(bundle, whole, as_of=AS_OF)
    rows = scores.select(pl.int_range(pl.len()).alias("row"), "lead_id", as_of=pl.lit(AS_OF - 200 * DAY))
    learned = build(Timeline(as_seen(whole, failing(watched(whole, DATED_GOAL, AS_OF)))), rows, bundle.spec)
    served = build(Timeline(as_trained(bundle, whole)), rows, bundle.spec)
    assert learned.matrix.tobytes() == served.matrix.tobytes()
    lead = int(scores["lead_id"][0])
    assert served.matrix.tobytes() != build(Timeline(whole), rows, bundle.spec).matrix.tobytes()
    now = Timeline(whole).values(rows.head(1), ["enriched"])["enriched"][0]
    supposed = what_if(bundle, whole, lead, as_of=AS_OF, fields={"enriched": None if now else "yes"})
    assert supposed.before["inputs_hash"][0] != supposed.after["inputs_hash"][0]
