"""Training and scoring from end to end."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.special import logit

from scoring.bundle import dumps, loads
from scoring.errors import HistoryError
from scoring.predict import score
from scoring.schema import LEADS, Complexity, History
from scoring.scoremap import ScoreMap
from scoring.train import Training, train
from scoring.versions import version_for
from tests.unit.scoring import trained as shared
from tests.unit.scoring.worlds import (
    AS_OF,
    CREATED_GOAL,
    DATED_GOAL,
    FIELDS,
    ORDERED_GOAL,
    dated,
    frame,
    history,
    ordered,
)

PLAIN_ORDERED = replace(ORDERED_GOAL, complexity=Complexity.INTERPRETABLE)
"""For tests that want any model of leads in order."""


def trained(world: History, goal: object = DATED_GOAL, **options: object) -> Training:
    settings: dict[str, object] = {"as_of": AS_OF, "seed": 3, "tenant": "t1", "version": "model_v20250101"}
    return train(world, goal, **(settings | options))  # type: ignore[arg-type]  # one place for all the defaults


@pytest.fixture(scope="module")
def world() -> History:
    return shared.WORLD


@pytest.fixture(scope="module")
def finished() -> Training:
    return shared.trained()


@pytest.fixture(scope="module")
def scores(world: History, finished: Training) -> pl.DataFrame:
    return score(finished.bundle, world, as_of=AS_OF)


def test_reasons_add_up_to_the_stated_log_odds(scores: pl.DataFrame) -> None:
    """Base value plus all contributions equals logit(probability) within 1e-6, for every lead."""
    total = (
        scores["base_value"] + scores["contributions"].list.eval(pl.element().struct.field("contribution")).list.sum()
    )
    assert np.abs(total.to_numpy() - scores["log_odds"].to_numpy()).max() < 1e-6
    assert np.abs(total.to_numpy() - logit(scores["probability"].to_numpy())).max() < 1e-6


def test_reasons_are_sentences_about_allowed_things(scores: pl.DataFrame) -> None:
    """At most three up and two down, never from a blocked or system field."""
    reasons = scores.explode("reasons").drop_nulls("reasons").select("lead_id", pl.col("reasons").struct.unnest())
    ups = reasons.filter(pl.col("contribution") > 0).group_by("lead_id").len()["len"].max()
    downs = reasons.filter(pl.col("contribution") < 0).group_by("lead_id").len()["len"].max()
    assert isinstance(ups, int)
    assert isinstance(downs, int)
    assert ups <= 3
    assert downs <= 2
    assert not {"Full name", "Stage"} & set(reasons["concept"])
    assert not reasons["sentence"].str.contains("Person").any()


def test_the_ranking_finds_the_planted_signal(finished: Training) -> None:
    """The model beats chance, age and recency on the newest window."""
    report = finished.report
    rivals = [found["auc"]["value"] for found in report["baselines"].values()]
    assert report["metrics"]["auc"]["value"] > max(rivals)
    assert report["metrics"]["auc"]["low"] > 0.6
    assert report["kind"] in {"logistic", "lightgbm", "blend"}


def test_the_report_is_json(finished: Training) -> None:
    """No NaN, no object that JSON does not know."""
    assert json.loads(json.dumps(finished.report, allow_nan=False))["verdict"]["state"] in {
        "ready",
        "usable",
        "not ready",
    }


def test_same_data_and_seed_give_the_same_bytes(world: History, finished: Training) -> None:
    """Also when the rows of every frame come in another order."""
    mixed = {
        name: getattr(world, name).sample(fraction=1.0, shuffle=True, seed=5)
        for name in ("leads", "values", "events", "conversions")
    }
    again = trained(replace(world, **mixed), attributes=["source"])
    assert dumps(again.bundle) == dumps(finished.bundle)
    assert again.report == finished.report


def test_a_loaded_bundle_scores_as_the_trained_one(world: History, finished: Training, scores: pl.DataFrame) -> None:
    """Storing changes no score, no reason, no hash."""
    loaded = loads(dumps(finished.bundle), tenant="t1")
    assert score(loaded, world, as_of=AS_OF).equals(scores)


def test_one_lead_scores_as_in_the_batch(world: History, finished: Training, scores: pl.DataFrame) -> None:
    """A lead asked for alone gets the same row."""
    lead = scores["lead_id"][7]
    alone = score(finished.bundle, world, as_of=AS_OF, lead_ids=[lead])
    assert alone.equals(scores.filter(pl.col("lead_id") == lead))


def test_leads_outside_the_population_are_absent(world: History, scores: pl.DataFrame) -> None:
    """Converted leads get no score."""
    assert not set(world.conversions["lead_id"]) & set(scores["lead_id"])


def test_tiers_follow_the_goals_shares(scores: pl.DataFrame) -> None:
    """About the top tenth of the open leads is High-Intent, the next three tenths Medium."""
    share = (scores["tier"] == "High-Intent").mean()
    medium = (scores["tier"] == "Medium").mean()
    assert isinstance(share, float)
    assert isinstance(medium, float)
    assert 0.08 <= share <= 0.13
    assert 0.25 <= medium <= 0.35


def test_the_score_map_is_kept_when_handed_in() -> None:
    """Retraining with the former map keeps the meaning of a score."""
    assert trained(ordered(200), PLAIN_ORDERED, score_map=ScoreMap(-1.25)).bundle.score_map == ScoreMap(-1.25)


@pytest.mark.parametrize("conversions", [0, 1, 5, 29])
def test_few_conversions_give_a_scorecard(conversions: int) -> None:
    """Scores, reasons and a reasoned verdict come all the same."""
    world = dated(300)
    world = replace(world, conversions=world.conversions.sort("at").head(conversions))
    result = trained(world)
    assert result.report["kind"] == "scorecard"
    assert result.report["verdict"]["state"] == "not ready"
    found = score(result.bundle, world, as_of=AS_OF)
    assert found.height == 300 - conversions
    assert found["score_tenths"].is_between(0, 1000).all()
    assert found["score_tenths"].n_unique() > 3
    json.dumps(result.report, allow_nan=False)


def test_thirty_conversions_in_order_are_enough_to_learn() -> None:
    """At the minimum a model is learned, calibrated by its intercept alone."""
    world = ordered(200)
    chosen = world.conversions["lead_id"].gather_every(max(1, world.conversions.height // 31))[:31]
    world = replace(world, conversions=world.conversions.filter(pl.col("lead_id").is_in(chosen.implode())))
    result = trained(world, ORDERED_GOAL)
    assert result.report["conversions"] >= 30
    assert result.report["calibration"]["kind"] in {"intercept", "none"}
    score(result.bundle, world, as_of=AS_OF)


def test_everyone_converted_is_no_ground_to_learn() -> None:
    """A single class yields the scorecard and no open lead."""
    world = ordered(80)
    everyone = world.leads.select("lead_id").with_columns(at=pl.lit(None, world.conversions.schema["at"]))
    world = replace(world, conversions=everyone)
    result = trained(world, ORDERED_GOAL)
    assert result.report["kind"] == "scorecard"
    assert score(result.bundle, world, as_of=AS_OF).is_empty()


def test_constant_and_missing_columns_do_no_harm() -> None:
    """Fields without information leave no feature behind."""
    world = ordered(400)
    values = world.values.with_columns(
        value=pl.when(pl.col("field") == "remark").then(pl.lit("same")).otherwise("value")
    ).filter(pl.col("field") != "twin")
    result = trained(replace(world, values=values), PLAIN_ORDERED)
    assert not [entry for entry in result.report["features"] if "remark" in entry["name"] or "twin" in entry["name"]]


def test_an_empty_account_trains_to_a_scorecard() -> None:
    """No leads at all: a bundle that scores nobody."""
    empty = history(pl.DataFrame(schema=LEADS), fields=FIELDS)
    result = trained(empty)
    assert result.report["kind"] == "scorecard"
    assert score(result.bundle, empty, as_of=AS_OF).is_empty()


def test_created_sources_are_valid_at_intake() -> None:
    """Undated outcomes train on rows at creation, and the notes say what is not claimed."""
    world = dated(300)
    world = replace(world, conversions=world.conversions.with_columns(at=pl.lit(None, world.conversions.schema["at"])))
    result = trained(world, replace(CREATED_GOAL, complexity=Complexity.INTERPRETABLE))
    assert "valid at intake" in " ".join(result.report["notes"])
    assert score(result.bundle, world, as_of=AS_OF).height > 0


def test_a_frame_of_another_schema_is_refused_by_name() -> None:
    """The error names the frame and the column."""
    broken = history(frame({name: [] for name in LEADS}, LEADS).drop("created_at"))
    with pytest.raises(HistoryError, match=r"leads.*created_at"):
        trained(broken)


def test_versions_count_up_within_a_day() -> None:
    """The first of a day has no number, the second is .2."""
    assert version_for(AS_OF, []) == "model_v20250101"
    assert version_for(AS_OF, ["model_v20250101"]) == "model_v20250101.2"
    assert version_for(AS_OF, ["model_v20250101", "model_v20250101.2"]) == "model_v20250101.3"


def test_a_field_equal_to_the_label_is_never_learned_from() -> None:
    """The only telling undated field repeats the outcome: it is quarantined, and what is left still scores."""
    world = ordered(400)
    label = world.leads["lead_id"].is_in(world.conversions["lead_id"].implode())
    told = world.values.filter(pl.col("field") == "remark").with_columns(value=pl.Series(label).cast(pl.String))
    result = trained(replace(world, values=told), ORDERED_GOAL)
    assert result.report["kind"] == "scorecard"
    assert {found["field"]: found["verdict"] for found in result.report["leakage"]}["remark"] == "suspect"
    score(result.bundle, world, as_of=AS_OF)


def test_a_model_that_rests_on_undated_fields_is_never_called_ready(finished: Training) -> None:
    """However well it ranks: nobody has seen when they were filled in. Dated fields are not doubted."""
    result = train(ordered(2_000), PLAIN_ORDERED, as_of=AS_OF, seed=0, tenant="t1", version="model_v20250101")
    verdict = result.report["verdict"]
    assert verdict["state"] == "usable"
    assert "time of filling is unknown (" in verdict["sentence"]
    assert "time of filling" not in finished.report["verdict"]["sentence"]
