"""Rates, bursts, hours in the lead's zone, first actions, time in a stage, standing in the source, and sellers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import dumps, loads
from scoring.explain import contributed
from scoring.features import Family, FeatureSpec, Side, Vectors, build, catalogue, fit
from scoring.features.zones import zone
from scoring.population import numbered
from scoring.predict import score
from scoring.schema import EVENTS, LEADS, UTC_TIME, VALUES, Field, FieldType, History, Knowledge, Timing
from scoring.timeline import Timeline, wide
from scoring.train import train
from tests.unit.scoring.trained import WORLD, trained
from tests.unit.scoring.worlds import AS_OF, PLAIN_GOAL, START, dated, frame, history

NOW = datetime(2024, 6, 12, 12, tzinfo=UTC)
ZONE = Field("zone", "Time zone", FieldType.TEXT, Knowledge.INTAKE)
PLAN = Field("plan", "Plan", FieldType.CATEGORY, Knowledge.DATED)
SOURCE = Field("source", "Lead source", FieldType.CATEGORY, Knowledge.INTAKE, source=True)


def at(day: int, hour: int) -> datetime:
    """An hour of a day in June 2024; the 8th is a Saturday."""
    return datetime(2024, 6, day, hour, tzinfo=UTC)


def world(
    events: list[tuple[int, datetime, str, str]], values: list[tuple[int, str, str, datetime | None]], count: int = 2
) -> Timeline:
    ids = list(range(1, count + 1))
    leads = frame(
        {
            "lead_id": ids,
            "created_at": [datetime(2024, 6, 1, 23, tzinfo=UTC)] * count,
            "intake_order": [None] * count,
            "company_key": [None] * count,
            "email_kind": ["free"] * count,
        },
        LEADS,
    )
    acts = pl.DataFrame([(*event, None) for event in events], schema=EVENTS, orient="row")
    told = pl.DataFrame(values, schema=VALUES, orient="row")
    return Timeline(history(leads, events=acts, values=told, fields=(ZONE, PLAN, SOURCE)))


def vectors(timeline: Timeline, count: int = 2, *, seller_activity: bool = False) -> tuple[FeatureSpec, Vectors]:
    rows = pl.DataFrame({"lead_id": range(1, count + 1), "as_of": [NOW] * count})
    rows = numbered(rows.cast({"lead_id": pl.Int64, "as_of": UTC_TIME}))
    return fit(timeline, rows, Timing.DATED, seller_activity=seller_activity)


def of(found: Vectors, name: str) -> list[float | None]:
    numbers = found.matrix[:, found.columns.index(name)].tolist()
    return [None if np.isnan(number) else number for number in numbers]


def test_rates_bursts_and_first_actions() -> None:
    """Divided by what is there, unknown where there is nothing to divide by."""
    events = [
        (1, at(2, 1), "page_view", "lead"),
        (1, at(5, 9), "email_opened", "lead"),
        (1, at(5, 10), "email_opened", "lead"),
        (1, at(5, 11), "email_clicked", "lead"),
        (2, at(1, 23), "email_clicked", "lead"),
        (2, at(10, 9), "email_opened", "machine"),
    ]
    _, found = vectors(world(events, []))
    assert of(found, "rate.clicks") == [0.5, None]
    assert of(found, "rate.day") == [2.0, 1.0]
    assert of(found, "burst.30") == [3.0, 1.0]
    assert of(found, "rate.week") == pytest.approx([28 / (10 + 13 / 24), 7 / (10 + 13 / 24)])
    assert of(found, "first.page_view") == [1.0, 0.0]
    assert of(found, "first.email_clicked") == [0.0, 1.0]


def test_hours_are_read_on_the_leads_own_clock() -> None:
    """Ten in the evening in UTC is a working afternoon in Los Angeles, and Sunday there is Monday in Auckland."""
    events = [(lead, at(10, 22), "page_view", "lead") for lead in (1, 2, 3)]
    events += [(lead, at(9, 21), "page_view", "lead") for lead in (1, 2, 3)]
    told = [(1, "zone", "america_slash_los_angeles", None), (2, "zone", "Pacific/Auckland", None)]
    spec, found = vectors(world(events, list(told), 3), 3)
    assert spec.zone == "zone"
    assert of(found, "hours.office") == [0.5, 1.0, 0.0]
    assert of(found, "hours.weekend") == [0.5, 0.0, 0.5]
    assert of(found, "created.hour") == [16.0, 11.0, 23.0]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Europe/Berlin", "Europe/Berlin"), ("us_slash_eastern", "US/Eastern"), ("Berlin", None), (" utc ", "UTC")],
)
def test_zones_are_read_as_crms_write_them(text: str, name: str | None) -> None:
    """IANA names, in HubSpot's spelling too."""
    assert pl.DataFrame({"z": [text]}).select(zone(pl.col("z"))).item() == name


CHANGES = st.lists(st.tuples(st.integers(1, 2), st.integers(0, 300)), max_size=12)


@settings(max_examples=40, deadline=None)
@given(CHANGES, st.integers(0, 300))
def test_time_in_a_stage_counts_from_the_last_visible_change(changes: list[tuple[int, int]], hours: int) -> None:
    """By hand: the newest strictly earlier change of the same lead."""
    values = [(lead, "plan", f"p{place}", START + timedelta(hours=hour)) for place, (lead, hour) in enumerate(changes)]
    spots = pl.DataFrame(
        {"lead_id": [1, 2], "as_of": [START + timedelta(hours=hours)] * 2},
        schema={"lead_id": pl.Int64, "as_of": UTC_TIME},
    )
    rows, timeline = numbered(spots), world([], list(values))
    found = wide(timeline.last(rows, ["plan"]), rows, ["plan"], "ago")["plan"].to_list()
    for lead, gap in zip((1, 2), found, strict=True):
        earlier = [hour for one, hour in changes if one == lead and hour < hours]
        assert gap == (timedelta(hours=hours - max(earlier)) if earlier else None)


def test_standing_compares_with_the_same_source_alone() -> None:
    """The liveliest of a quiet source stands above the average of a lively one, whatever it did."""
    count = 800
    sources = [(lead, "source", "list" if lead % 2 else "webinar", None) for lead in range(1, count + 1)]
    clicks = [0 if lead % 2 else 1 + lead % 8 for lead in range(count + 1)]
    clicks[1] = 2
    events = [(lead, at(9, 9), "email_clicked", "lead") for lead in range(1, count + 1) for _ in range(clicks[lead])]
    spec, found = vectors(world(events, list(sources), count), count)
    standing = np.array(of(found, "standing.source"), dtype=float)
    assert standing[0] == pytest.approx(100 - 50 / 400, abs=0.01)
    assert standing[2] == pytest.approx(50, abs=1)
    lively = standing[1::2]
    assert lively.mean() == pytest.approx(50, abs=1)
    assert catalogue(spec).features["standing.source"].inputs == ("source",)


def _rich(count: int) -> History:
    """The usual world with zones, a source, a dated plan and sellers' events."""
    made = dated(count)
    rng = np.random.default_rng(5)
    ids = made.leads["lead_id"].to_list()
    zones = rng.choice(["Europe/Berlin", "us_slash_eastern", "Asia/Kolkata"], len(ids))
    plans = rng.choice(["basic", "plus"], (len(ids), 2))
    more = [(lead, "zone", name, None) for lead, name in zip(ids, zones, strict=True)]
    born = dict(made.leads.select("lead_id", "created_at").iter_rows())
    for lead, both in zip(ids, plans, strict=True):
        more += [(lead, "plan", plan, born[lead] + timedelta(days=20 * place)) for place, plan in enumerate(both)]
    values = pl.concat([made.values, pl.DataFrame(more, schema=VALUES, orient="row")])
    fields = (*(replace(field, source=field.name == "source") for field in made.fields), ZONE, PLAN)
    return replace(made, values=values, fields=fields)


def test_single_leads_get_the_batch_vector_of_every_family() -> None:
    """Bit for bit, after a way through JSON too."""
    timeline = Timeline(_rich(400))
    rows = numbered(pl.DataFrame({"lead_id": range(1, 401)}, schema={"lead_id": pl.Int64}))
    rows = rows.with_columns(as_of=pl.lit(AS_OF, UTC_TIME))
    spec, whole = fit(timeline, rows, Timing.DATED, seller_activity=True)
    assert {"standing.source", "field.plan.since", "hours.office", "seller.recency"} <= set(spec.columns)
    spec = FeatureSpec.from_json(spec.to_json())
    for place in range(0, 400, 13):
        alone = build(timeline, numbered(rows[place : place + 1]), spec)
        assert alone.matrix.tobytes() == whole.matrix[place : place + 1].tobytes()


def test_what_sellers_did_is_learned_only_if_asked_for_and_never_a_reason() -> None:
    """It takes its part in the sum, under one name."""
    assert (WORLD.events["actor"] == "seller").any()
    assert not trained().bundle.spec.seller_kinds
    past = _rich(200)
    goal = replace(PLAIN_GOAL, seller_activity=True)
    bundle = loads(dumps(train(past, goal, as_of=AS_OF, seed=1, tenant="t", version="v1").bundle), tenant="t")
    declared = catalogue(bundle.spec)
    sellers = {name for name in bundle.spec.columns if declared.features[name].family is Family.SELLER}
    assert sellers
    scores = score(bundle, past, as_of=AS_OF)
    told = {reason["concept"] for reasons in scores["reasons"] for reason in reasons}
    assert told
    assert all(declared.sides[concept] is not Side.SELLER for concept in told)
    parts = contributed(bundle, build(Timeline(past), _rows(past), bundle.spec).matrix)
    assert Side.SELLER in parts.sides
    assert parts.picked() == [
        [place for place in row if parts.sides[place] is not Side.SELLER] for row in parts.picked()
    ]


def _rows(past: History) -> pl.DataFrame:
    ids = past.leads.select("lead_id")
    return numbered(ids.with_columns(as_of=pl.lit(AS_OF, UTC_TIME)))
