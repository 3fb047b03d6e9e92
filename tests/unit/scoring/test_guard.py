"""The guard on generated tenants: what it proves, what it holds back, its evidence, and who may overrule it."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.dataset import snapshots, until
from scoring.guard import Case, Judgement, judge
from scoring.leakage import FieldVerdict
from scoring.schema import Complexity, History, Timing
from scoring.splits import time_split
from scoring.timeline import Timeline
from scoring.train import train
from tests.unit.scoring.tenants import Tenant, tenant

LEADS = 800
MANY = 1_500
"""What is little by each lead shows in so many."""
DATED = ("copy", "set once", "pair")
"""Leaks that one tenant with dates has beside each other."""


@cache
def made(timing: Timing, *kinds: str, share: float = 0.5, leads: int = LEADS) -> Tenant:
    return tenant(4, timing, kinds, share, leads)


def judged(one: Tenant, history: History | None = None, confirmed: tuple[str, ...] = ()) -> Judgement:
    history = history or one.history
    rows = snapshots(history, one.goal, as_of=one.as_of, seed=0)
    split = time_split(rows, one.goal)
    past = until(history, one.as_of)
    return judge(Case(Timeline(history), past, rows, split, one.goal, one.as_of, confirmed))


@cache
def usual(timing: Timing, *kinds: str, share: float = 0.5, leads: int = LEADS) -> Judgement:
    """What is judged of a tenant as it is."""
    return judged(made(timing, *kinds, share=share, leads=leads))


def by_name(judgement: Judgement) -> dict[str, FieldVerdict]:
    return {one.field: one for one in judgement.verdicts}


@given(st.randoms(use_true_random=False))
@settings(max_examples=2, deadline=None, database=None)
def test_names_play_no_part(chance: object) -> None:
    """Under any other names every field gets the same verdict and the same figures."""
    one = made(Timing.ORDERED, "pair", share=1.0)
    names = [item.name for item in one.history.fields]
    others = [f"c{place}" for place in range(len(names))]
    chance.shuffle(others)  # type: ignore[attr-defined]  # hypothesis hands out a random.Random
    new = dict(zip(names, others, strict=True))
    renamed = replace(
        one.history,
        values=one.history.values.with_columns(pl.col("field").replace(new)),
        fields=tuple(replace(item, name=new[item.name], label=new[item.name]) for item in one.history.fields),
    )
    before, after = by_name(usual(Timing.ORDERED, "pair", share=1.0)), by_name(judged(one, renamed))
    assert {new[name]: _told(found) for name, found in before.items()} == {n: _told(f) for n, f in after.items()}
    assert {found.verdict.value for found in before.values()} == {"clear", "suspect"}


def _told(found: FieldVerdict) -> tuple[object, ...]:
    auc = found.evidence.auc
    return found.verdict, auc.alone, auc.with_it, auc.without, auc.sequence_without, auc.group_without


@pytest.mark.parametrize("timing", [Timing.DATED, Timing.CREATED])
def test_what_new_leads_lack_is_suspect(timing: Timing) -> None:
    """A reason set for half of the lost leads is far from deciding, but new leads never have it."""
    found = by_name(usual(timing, "lost reason", leads=MANY))["lost reason"]
    assert found.verdict.value == "suspect"
    assert found.evidence.auc.alone is not None
    assert found.evidence.auc.alone < 0.85
    assert (found.evidence.filled.matured or 0.0) > 0.25
    assert (found.evidence.filled.fresh or 0.0) < 0.1
    assert "leads that are new lack it" in found.reason


@pytest.mark.parametrize("timing", list(Timing))
def test_honest_fields_stay(timing: Timing) -> None:
    """Strong ones, fields of a new form, levels that never convert: nothing of it is held back beside a leak."""
    one = made(timing, "status")
    found = by_name(usual(timing, "status"))
    assert found["status"].verdict.value == "suspect"
    assert {name for name in one.honest if found[name].verdict.value != "clear"} == set()


def test_an_undated_copy_of_a_dated_field_is_proven() -> None:
    """The copy in another CRM stays out with its original named; the original, used with its dates, stays in."""
    found = by_name(usual(Timing.DATED, *DATED))
    assert found["copy"].verdict.value == "proven"
    assert found["copy"].evidence.copy_of == "original"
    assert found["original"].verdict.value == "clear"


def test_dated_leaks_show_their_filling_before_and_after() -> None:
    """A field set at the conversion: empty before, filled in after, for about half of the converted."""
    found = by_name(usual(Timing.DATED, *DATED))["set once"]
    assert found.verdict.value == "proven"
    assert found.evidence.filled.before_conversion == 0.0
    assert 0.4 < (found.evidence.filled.after_conversion or 0.0) < 0.6


def test_a_rare_value_that_never_errs_is_suspect() -> None:
    """Set for a fifth of the converted and nobody else: weak alone, yet no honest field knows so much."""
    found = by_name(judged(tenant(4, Timing.ORDERED, ["outcome"], 0.2, 4_000)))["outcome"]
    assert found.verdict.value == "suspect"
    assert (found.evidence.auc.alone or 1.0) < 0.65


def test_a_leak_of_one_period_is_suspect() -> None:
    """What decided the outcome in the first half, and is worthless since, is not saved by the newest leads."""
    one = tenant(9, Timing.ORDERED, ["status"], 1.0, MANY)
    late = (pl.col("field") == "status") & (pl.col("lead_id") > MANY // 2)
    values = one.history.values.with_columns(value=pl.when(late).then(pl.lit("later")).otherwise("value"))
    found = by_name(judged(one, replace(one.history, values=values)))["status"]
    assert (found.evidence.auc.highest or 0.0) > 0.95
    assert found.verdict.value == "suspect"


def test_the_evidence_is_data() -> None:
    """Every verdict goes into JSON, with AUC alone by age, in sequence and by group where they can be told."""
    told = json.loads(json.dumps([one.to_json() for one in usual(Timing.DATED, *DATED).verdicts]))
    pair = {one["field"]: one for one in told}["pair 1"]["evidence"]["auc"]
    assert pair["by_age"]
    assert set(pair["together"]) == {"pair 1", "pair 2"}
    assert pair["group_with"] > pair["group_without"]
    assert {one["field"]: one for one in told}["strong 0"]["evidence"]["auc"]["sequence_without"] is not None


def test_the_admin_overrules_on_record() -> None:
    """A confirmed field is used; the report keeps the guard's verdict and tells the AUC with and without it."""
    one = made(Timing.ORDERED, "status", share=1.0, leads=500)
    goal = replace(one.goal, complexity=Complexity.INTERPRETABLE)
    options = {"as_of": one.as_of, "seed": 0, "tenant": "t", "version": "model_v1"}
    strict = train(one.history, goal, **options).report  # type: ignore[arg-type]  # one place for the defaults
    loose = train(one.history, goal, **options, confirmed=["status"]).report  # type: ignore[arg-type]  # as above
    assert strict["quarantine"]["held_back"] == ["status"]
    assert loose["quarantine"]["held_back"] == []
    assert loose["quarantine"]["overruled"] == ["status"]
    assert loose["quarantine"]["auc_with"] > loose["quarantine"]["auc_without"] + 0.03
    assert loose["metrics"]["auc"]["value"] > strict["metrics"]["auc"]["value"] + 0.03
    verdict = {found["field"]: found for found in loose["leakage"]}["status"]
    assert (verdict["verdict"], verdict["overruled"]) == ("clear", "suspect")
    assert "vouch" in " ".join(loose["notes"])


def test_what_means_the_outcome_can_not_be_confirmed() -> None:
    """A system field stays proven, whoever vouches for it."""
    one = made(Timing.DATED, "set once")
    fields = tuple(replace(item, system=item.name == "weak 0") for item in one.history.fields)
    found = by_name(judged(one, replace(one.history, fields=fields), ("weak 0", "set once")))
    assert found["weak 0"].verdict.value == "proven"
    assert (found["set once"].verdict.value, found["set once"].overruled) == ("clear", "proven")
