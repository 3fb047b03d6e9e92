"""What tenants may learn from each other, and what none of them gives away."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.bundle import dumps, loads
from scoring.dataset import snapshots
from scoring.features import build
from scoring.learning import Task
from scoring.metrics import auc
from scoring.models import Training as Rows
from scoring.models import from_json, pooled
from scoring.models.choose import choose
from scoring.models.judging import Fold
from scoring.pooling.giving import LEAST_PRECISION, MIN_SIDE_LEADS, give
from scoring.pooling.share import Share, Term
from scoring.pooling.shared import places, shared, transformed
from scoring.predict import score
from scoring.prior import MIN_TENANTS, MOST_WEIGHT, Prior
from scoring.prior import pooled as pool
from scoring.schema import CONVERSIONS, LEADS, Complexity, Field, FieldType, History, Knowledge
from scoring.timeline import Timeline
from scoring.train import Training, train
from tests.unit.scoring.worlds import AS_OF, CREATED_GOAL, DATED_GOAL, FIELDS, PLAIN_GOAL, dated, history

SECRETS = ("size", "source", "web", "ads", "/pricing", "/blog", "c17", "Person", "Marketing Director", "t1", '"title"')


def trained(world: History, seed: int = 3, goal: object = DATED_GOAL, **options: object) -> Training:
    fixed: dict[str, object] = {"as_of": AS_OF, "seed": seed, "tenant": "t1", "version": "model_v20250101"}
    return train(world, goal, **(fixed | options))  # type: ignore[arg-type]  # one place for all the defaults


def small(world: History, conversions: int, leads: int = 150) -> History:
    """A tenant that has just begun: few leads, fewer of them converted."""
    won = world.conversions.sort("lead_id").head(conversions)
    never = world.leads.filter(~pl.col("lead_id").is_in(world.conversions["lead_id"].implode()))
    kept = pl.concat([won.select("lead_id"), never.select("lead_id").head(leads - conversions)])["lead_id"].implode()
    mine = pl.col("lead_id").is_in(kept)
    frames = {name: getattr(world, name).filter(mine) for name in ("leads", "values", "events", "exclusions")}
    return replace(world, **frames, conversions=won)


@pytest.fixture(scope="module")
def shares() -> list[Share]:
    """Twelve tenants of one kind."""
    return [_shared(seed) for seed in range(100, 112)]


@pytest.fixture(scope="module")
def prior(shares: list[Share]) -> Prior:
    found = pool(shares)
    assert found
    return found


def _rows(world: History) -> tuple[Rows, np.ndarray]:
    """Every snapshot's features, and whose it is."""
    timeline = Timeline(world)
    task = Task(timeline, snapshots(world, DATED_GOAL, as_of=AS_OF, seed=0), DATED_GOAL, (), 0)
    spec, vectors = task.fitted(task.rows)
    return task.training(vectors.matrix, spec), task.rows["lead_id"].to_numpy()


def _shared(seed: int) -> Share:
    found = give(*_rows(dated(600, seed)))
    assert found
    return found


def test_a_new_tenant_ranks_better_with_the_prior_than_with_the_scorecard(prior: Prior) -> None:
    """Fifteen conversions; judged on leads of the same truth whom neither has seen."""
    gains = []
    for seed in (1, 2, 3):
        world, fresh = small(dated(900, seed), 15), dated(900, seed + 50)
        without, with_it = trained(world), trained(world, prior=prior)
        assert (without.report["kind"], with_it.report["kind"]) == ("scorecard", "pooled")
        gains.append(_area(with_it, fresh) - _area(without, fresh))
    assert min(gains) > 0.05


def _area(training: Training, world: History) -> float:
    spots = snapshots(world, DATED_GOAL, as_of=AS_OF, seed=0)
    matrix = build(Timeline(world), spots, training.bundle.spec).matrix
    label, weight = (spots[name].cast(pl.Float64).to_numpy() for name in ("label", "weight"))
    return auc(label, training.bundle.model.log_odds(matrix), weight)


@pytest.mark.parametrize("conversions", [0, 1, 5, 29])
def test_few_conversions_are_served_by_the_prior(prior: Prior, conversions: int) -> None:
    """Scores with reasons that add up, and a report that says from how many tenants."""
    world = small(dated(600), conversions)
    result = trained(world, prior=prior)
    assert result.report["kind"] == "pooled"
    assert result.report["prior"]["tenants"] == 12
    assert result.report["prior"]["serves"] is True
    assert "12 other tenants" in " ".join(result.report["notes"])
    verdict = result.report["verdict"]
    assert verdict["state"] == ("usable" if conversions == 29 else "not ready")
    assert "pooled prior" in verdict["sentence"]
    assert "newer leads" not in verdict["sentence"]
    json.dumps(result.report, allow_nan=False)
    scores = score(result.bundle, world, as_of=AS_OF)
    total = (
        scores["base_value"] + scores["contributions"].list.eval(pl.element().struct.field("contribution")).list.sum()
    )
    assert np.abs(total.to_numpy() - scores["log_odds"].to_numpy()).max() < 1e-6
    assert scores["score_tenths"].n_unique() > 3


def test_without_a_lead_the_prior_waits(prior: Prior) -> None:
    """An empty account, and one without a matured row, train and score nobody or everybody."""
    empty = history(pl.DataFrame(schema=LEADS), fields=FIELDS)
    result = trained(empty, prior=prior)
    assert result.report["kind"] == "pooled"
    assert score(result.bundle, empty, as_of=AS_OF).is_empty()


def test_without_conversions_the_level_is_drawn_to_the_pooled_rate(prior: Prior) -> None:
    """Nobody has converted: the mean chance lies between nothing and that of the others, nearer the more is known."""
    rows, lead = _rows(small(dated(600), 0))
    assert not rows.label.any()
    wide = replace(prior, base=replace(prior.base, between=1.0))
    levels = [pooled.Recipe(one, len(np.unique(lead)) / len(lead)).fit(rows).own.intercept for one in (prior, wide)]
    blind = pooled.Recipe(prior, blind=True).fit(rows)
    assert np.average(1 / (1 + np.exp(-blind.log_odds(rows.matrix))), weights=rows.weight) == pytest.approx(
        1 / (1 + np.exp(-prior.base.mean))
    )
    assert levels[1] < levels[0] <= blind.own.intercept


def test_the_figures_under_few_conversions_are_of_the_prior_alone(prior: Prior) -> None:
    """What serves has learned from the leads it is judged on, so its figures there would flatter it."""
    world = small(dated(600), 25)
    result = trained(world, prior=prior)
    rows, _ = _rows(world)
    alone = pooled.Recipe(prior, blind=True).fit(rows).log_odds(rows.matrix)
    serving = auc(rows.label, result.bundle.model.log_odds(rows.matrix), rows.weight)
    assert result.report["metrics"]["auc"]["value"] == pytest.approx(auc(rows.label, alone, rows.weight), abs=1e-6)
    assert serving > result.report["metrics"]["auc"]["value"] + 0.002
    assert "which has not seen your leads" in " ".join(result.report["notes"])


def test_the_same_data_give_the_same_bytes(prior: Prior, shares: list[Share]) -> None:
    """Artefacts and shares, and back again from them."""
    world = small(dated(600), 15)
    one, two = (trained(world, prior=prior) for _ in range(2))
    assert dumps(one.bundle) == dumps(two.bundle)
    again = loads(dumps(one.bundle), tenant="t1")
    scores = score(one.bundle, world, as_of=AS_OF)
    assert score(again, world, as_of=AS_OF).equals(scores)
    lead = scores["lead_id"][5]
    assert score(again, world, as_of=AS_OF, lead_ids=[lead]).equals(scores.filter(pl.col("lead_id") == lead))
    assert _shared(100).to_json() == shares[0].to_json()
    assert Prior.from_json(json.loads(json.dumps(prior.to_json()))) == prior
    assert one.report["prior"]["sha256"] == prior.sha256


@pytest.mark.parametrize("penalty", [None, 0.03])
def test_contributions_add_up_and_the_model_comes_back(prior: Prior, penalty: float | None) -> None:
    """With and without columns of the tenant's own; a row alone has the value that it has in the batch."""
    rows, lead = _rows(dated(300))
    assert len(lead) == len(rows.label)
    model = pooled.Recipe(prior, 0.2, penalty).fit(rows)
    said = model.log_odds(rows.matrix)
    assert np.abs(model.contributions(rows.matrix).sum(axis=1) - said).max() < 1e-6
    assert from_json(json.loads(json.dumps(model.to_json()))).log_odds(rows.matrix).tobytes() == said.tobytes()
    assert model.log_odds(rows.matrix[7:8])[0] == said[7]
    own = [column for column in rows.columns if column.startswith("field.")]
    weights = np.abs(model.own.coef[[rows.columns.index(column) for column in own]])
    assert (weights.max() > 0) == (penalty is not None)


def test_the_prior_wins_its_place_or_has_none(prior: Prior) -> None:
    """As a rung it must beat logistic regression; a prior that says the contrary is tried and left out."""
    rows, lead = _rows(dated(500, 7))
    order = np.argsort(lead, kind="stable")
    part = np.empty(len(lead), dtype=int)
    part[order] = np.arange(len(lead)) * 3 // len(lead)
    group = np.unique(lead[part == 2], return_inverse=True)[1]
    few = (part == 0) & (lead % 3 == 0)
    folds = [Fold(rows.where(few), rows.where(part == 2), group)]
    turned = replace(
        prior,
        terms=tuple((name, replace(one, mean=-one.mean, between=0.0, error=0.01)) for name, one in prior.terms),
    )
    good, bad = (choose(folds, Complexity.INTERPRETABLE, pooled.Recipe(one, 0.2)) for one in (prior, turned))
    assert (good.name, bad.name) == ("pooled", "logistic")
    assert set(good.candidates) == {"logistic", "pooled"}


def test_a_share_speaks_of_nothing_that_is_a_tenants_own() -> None:
    """Neither fields, pages, texts, companies nor ids: names of the closed list and rounded numbers alone."""
    world = dated(600, 5)
    odd = Field("Geheimfeld", "Geheim", FieldType.TEXT, Knowledge.INTAKE)
    secret = world.values.filter(pl.col("field") == "title").with_columns(field=pl.lit("Geheimfeld"))
    events = world.events.with_columns(
        kind=pl.when(pl.int_range(pl.len()) % 3 == 0).then(pl.lit("geheim_kind")).otherwise("kind")
    )
    world = replace(world, values=pl.concat([world.values, secret]), events=events, fields=(*world.fields, odd))
    result = trained(world, gives=True, goal=PLAIN_GOAL)
    assert result.share
    told = json.dumps(result.share.to_json())
    names = {name for name, _ in result.share.terms}
    assert names <= shared().keys()
    assert "title.seniority=C-level" in names
    columns = set(result.bundle.spec.columns)
    assert any("Geheimfeld" in column for column in columns)
    assert any("geheim_kind" in column for column in columns)
    assert not [word for word in ("eheim", *SECRETS) if word in told]
    for term in (result.share.base, *dict(result.share.terms).values()):
        assert all(float(f"{count:.1e}") == count for count in (term.leads, term.conversions))


def test_rare_groups_are_not_told_of() -> None:
    """A flag that fewer than fifty leads show, or fewer than fifty lack, is not given; nor by a small tenant any."""
    world = dated(700, 6)
    rows, lead = _rows(world)
    place = rows.columns.index("email.free")
    holders = np.unique(lead[rows.matrix[:, place] == 1])
    for count, given_away in ((MIN_SIDE_LEADS - 1, False), (MIN_SIDE_LEADS, True)):
        chosen = _with_conversions(holders, lead, rows.label, count)
        for value in (1.0, 0.0):
            matrix = rows.matrix.copy()
            matrix[:, place] = np.where(np.isin(lead, chosen), value, 1 - value)
            found = give(replace(rows, matrix=matrix), lead)
            assert found
            assert ("email.free" in dict(found.terms)) is given_away
    assert give(rows.where(lead < 400), lead[lead < 400]) is None
    quiet = rows.label * (lead % 7 == 0)
    assert give(replace(rows, label=quiet), lead) is None


def _with_conversions(holders: np.ndarray, lead: np.ndarray, label: np.ndarray, count: int) -> np.ndarray:
    """So many leads, at least ten of them converting."""
    won = np.unique(lead[label == 1])
    first = won[np.isin(won, holders)][:10]
    rest = holders[~np.isin(holders, first)]
    return np.concatenate([first, rest[: count - len(first)]])


def test_only_dated_goals_give_and_take(prior: Prior) -> None:
    """Rows at intake know nothing of what leads do: their coefficients mean something else."""
    world = dated(300)
    undated = replace(world, conversions=world.conversions.with_columns(at=pl.lit(None, CONVERSIONS["at"])))
    result = trained(undated, goal=replace(CREATED_GOAL, complexity=Complexity.INTERPRETABLE), prior=prior, gives=True)
    assert result.share is None
    assert result.report["prior"] is None


def test_coefficients_on_fixed_transforms_are_found_again() -> None:
    """What a share says, beside the truth that the labels were drawn from."""
    rng = np.random.default_rng(0)
    columns = ("email.business", "events.page_view.30", "recency.any")
    matrix = np.column_stack([rng.random(20_000) < 0.5, rng.poisson(2, 20_000), rng.exponential(50, 20_000)])
    line = -2.0 + transformed(matrix, columns) @ np.array([0.8, 0.5, -0.4])
    label = (rng.random(20_000) < 1 / (1 + np.exp(-line))).astype(float)
    found = give(Rows(matrix, label, np.ones(20_000), columns, 0), np.arange(20_000))
    assert found
    for (_, term), truth in zip(found.terms, (0.8, 0.5, -0.4), strict=True):
        assert abs(term.coef - truth) < 4 * term.variance**0.5 < 0.4
        assert 1 / term.variance > LEAST_PRECISION


@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_how_far_tenants_lie_apart_is_found_again(apart: float) -> None:
    """Thirty tenants whose coefficient of activity is drawn around .5; that of the address is the same for all."""
    rng = np.random.default_rng(4)
    columns, shares = ("email.business", "events.page_view.30"), []
    for _ in range(30):
        matrix = np.column_stack([rng.random(1_500) < 0.5, rng.poisson(2, 1_500)])
        line = -2.0 + transformed(matrix, columns) @ np.array([0.8, rng.normal(0.5, apart)])
        label = (rng.random(1_500) < 1 / (1 + np.exp(-line))).astype(float)
        shares.append(give(Rows(matrix, label, np.ones(1_500), columns, 0), np.arange(1_500)))
    found = pool(share for share in shares if share)
    assert found
    address, activity = dict(found.terms).values()
    assert address.mean == pytest.approx(0.8, abs=0.1)
    assert activity.mean == pytest.approx(0.5, abs=0.25)
    distance = [math.sqrt(one.between) for one in (address, activity)]
    assert distance == pytest.approx([0.0, apart], abs=0.15)
    assert activity.variance > activity.between


def test_what_never_happened_and_what_is_unknown_have_fixed_values() -> None:
    """Never is a year ago; nothing to divide by is nothing; a fall is as far below zero as a rise above."""
    names = ("recency.any", "rate.day", "velocity", "email.free", "events.any.7")
    values = np.array([[np.nan] * 5, [5_000, 3, -1.5, 1, 3], [365, 0, 1.5, 0, 0]])
    found = transformed(values, names)
    assert found[0].tolist() == [np.log1p(365), 0, 0, 0, 0]
    assert found[0, 0] == found[1, 0] == found[2, 0]
    assert found[1, 2] == -found[2, 2]
    assert found[1, 3:].tolist() == [1.0, np.log1p(3)]


def test_titles_are_shared_under_a_name_without_the_field() -> None:
    """The first of several title fields stands for them; custom fields and learned names never count."""
    columns = ("detail.page_view./pricing", "field.events.any.7", "title.rôle.seniority=VP", "title.b.seniority=VP")
    assert places(columns) == {"title.seniority=VP": 2}


TERM = st.builds(Term, st.floats(-3, 3), st.floats(0.001, 1.0), st.integers(500, 10_000), st.integers(100, 5_000))


@st.composite
def families(draw: st.DrawFn) -> list[Share]:
    """Shares of some tenants, who need not give the same features."""
    names = st.sets(st.sampled_from(sorted(shared())[:3]), min_size=2)
    count = draw(st.integers(8, 20))
    return [Share(draw(TERM), tuple((name, draw(TERM)) for name in sorted(draw(names)))) for _ in range(count)]


@settings(max_examples=60, deadline=None)
@given(families(), st.randoms(use_true_random=False))
def test_pooling_heeds_no_order_and_refuses_under_the_minimums(family: list[Share], draw: object) -> None:
    """Each pooled feature came from ten tenants, none of whom outweighs the others; the order changes no bit."""
    mixed = list(family)
    draw.shuffle(mixed)  # type: ignore[attr-defined]  # random.Random
    found = pool(family)
    assert found == pool(mixed)
    if found is None:
        return
    assert found.sha256 == pool(mixed).sha256  # type: ignore[union-attr]  # equal to found
    assert len(family) >= MIN_TENANTS
    for name, one in (("", found.base), *found.terms):
        given_by = [
            share.base if not name else dict(share.terms)[name]
            for share in family
            if not name or name in dict(share.terms)
        ]
        assert one.tenants == len(given_by) >= MIN_TENANTS
        weights = [1 / (term.variance + one.between) for term in given_by]
        assert max(weights) <= MOST_WEIGHT * sum(weights)
        assert min(term.coef for term in given_by) <= one.mean + 1e-9
        assert one.mean <= max(term.coef for term in given_by) + 1e-9


def test_one_large_tenant_is_not_pooled_away() -> None:
    """Ten alike are pooled; where one knows far more than the others, the mean would tell of that one."""
    alike = [Share(Term(-3, 0.1, 900, 200), (("velocity", Term(0.5, 0.2, 900, 200)),))] * 10
    large = Share(Term(-3, 0.1, 900, 200), (("velocity", Term(0.5, 0.001, 90_000, 20_000)),))
    assert pool(alike)
    assert pool([*alike[:9], large]) is None
    assert pool(alike[:9]) is None


def test_the_variance_between_tenants_is_dersimonian_and_lairds() -> None:
    """Beside figures worked out by hand from the paper's formulas."""
    terms = [Term(coef, 0.04, 900, 200) for coef in (0.1, 0.9) * 5]
    found = pool([Share(term, (("velocity", term),)) for term in terms])
    assert found
    assert found.base.mean == pytest.approx(0.5)
    # Q = 10 · .4² / .04 = 40; (Q - 9) / (250 - 25) = .13778
    assert found.base.between == pytest.approx(31 / 225)
    assert found.base.error == pytest.approx((0.04 + 31 / 225) / 10)


@pytest.mark.parametrize(
    ("name", "told"),
    [("field.secret=x", [0.1, 0.2, 900, 200]), ("velocity", [0.1, 0.0, 900, 200]), ("velocity", [0.1])],
)
def test_a_share_of_another_form_is_refused(name: str, told: list[float]) -> None:
    """Names outside the list, and numbers that can't be."""
    with pytest.raises(ValueError, match=r"share|unpack"):
        Share.from_json({"base": [0.1, 0.2, 900, 200], "terms": {name: told}})
