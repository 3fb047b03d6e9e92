"""The feed-forward net: its shares beside their definition, its groups, its bytes."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations
from math import factorial

import numpy as np
import pytest

from scoring.metrics import Floats, auc
from scoring.models import Training, from_json, logistic, net, net_search
from scoring.models.net import Net
from tests.unit.scoring.test_models import folded, made

pytestmark = pytest.mark.usefixtures("whole_search")


def many(count: int, width: int, seed: int = 3) -> Training:
    """Columns of fading weight, and two that count together; each has a concept of its own."""
    rng = np.random.default_rng(seed)
    matrix = rng.normal(size=(count, width))
    line = matrix @ (1.5 / (1 + np.arange(width))) + matrix[:, 0] * matrix[:, 1] - 1
    label = (rng.random(count) < 1 / (1 + np.exp(-line))).astype(np.float64)
    matrix[rng.random((count, width)) < 0.05] = np.nan
    names = tuple(f"c{place}" for place in range(width))
    return Training(matrix, label, np.ones(count), names, 7, names)


def test_the_net_finds_what_counts_only_together() -> None:
    """Where a logistic regression sees nothing."""
    train, fresh = made(3_000, 1, product=1.5), made(3_000, 2, product=1.5)
    plain = auc(fresh.label, logistic.fit(train, 0.01).log_odds(fresh.matrix))
    assert auc(fresh.label, net.Recipe(0.1, 30).fit(train).log_odds(fresh.matrix)) > plain + 0.1


def test_the_quick_output_is_the_exact_one() -> None:
    """But for the last bits."""
    train = many(400, 5)
    model = net.Recipe(1.0, 4).fit(train)
    inputs = model.scaling.design(train.matrix)
    assert model.layer.estimate(inputs) == pytest.approx(model.layer.output(inputs), abs=1e-12)


def test_groups_get_their_shapley_values() -> None:
    """Beside the definition over all coalitions of concepts, each absent one as in every background row."""
    train = replace(many(600, 6), concepts=("one", "one", "two", "three", "three", "four"))
    model = net.Recipe(1.0, 8).fit(train)
    found = model.contributions(train.matrix[:3])
    inputs = model.scaling.design(train.matrix[:3])
    owners = model.groups[np.concatenate([np.arange(6), model.scaling.flagged()])]
    for group in range(4):
        expected = [_defined(model, row, owners, group) for row in inputs]
        assert found[:, :-1][:, model.groups == group].sum(axis=1) == pytest.approx(expected, abs=1e-9)
    assert found[:, -1] == pytest.approx(model.layer.output(model.background).mean())


def _defined(model: Net, row: Floats, owners: Floats, group: int) -> float:
    def worth(chosen: tuple[int, ...]) -> float:
        return float(model.layer.output(np.where(np.isin(owners, chosen), row, model.background)).mean())

    others, total = [one for one in range(4) if one != group], 0.0
    for size in range(4):
        weight = factorial(size) * factorial(3 - size) / factorial(4)
        total += sum(weight * (worth((*chosen, group)) - worth(chosen)) for chosen in combinations(others, size))
    return total


def test_beyond_ten_concepts_the_least_important_share_a_group() -> None:
    """And yet every row adds up, and what says nothing gets next to nothing."""
    train = many(3_000, 14)
    model = net.Recipe(1.0, 10).fit(train)
    assert model.groups.max() == 9
    assert np.bincount(model.groups)[9] == 5
    assert model.groups[0] < 9 > model.groups[1]
    parts = model.contributions(train.matrix)
    assert np.abs(parts.sum(axis=1) - model.log_odds(train.matrix)).max() < 1e-9
    size = np.abs(parts[:, :-1]).mean(axis=0)
    assert size[0] > 5 * size[model.groups == 9].max()


def test_a_lead_alone_gets_the_values_of_the_batch() -> None:
    """Bit for bit, or its score could not be replayed."""
    train = many(500, 12)
    model = net.Recipe(1.0, 3).fit(train)
    alone = train.matrix[37:38]
    assert model.log_odds(alone)[0] == model.log_odds(train.matrix)[37]
    assert (model.contributions(alone)[0] == model.contributions(train.matrix)[37]).all()
    assert model.contributions(alone[:0]).shape == (0, 13)


def test_the_same_rows_and_seed_give_the_same_bytes_and_no_lead_is_kept() -> None:
    """The background is made of means: no row of it is a lead's."""
    train = many(400, 5)
    one, two = (net.Recipe(1.0, 3).fit(train) for _ in range(2))
    assert json.dumps(one.to_json()) == json.dumps(two.to_json())
    again = from_json(json.loads(json.dumps(one.to_json())))
    assert (again.contributions(train.matrix) == one.contributions(train.matrix)).all()
    inputs = one.scaling.design(train.matrix)
    assert np.abs(inputs[:, None] - one.background).max(axis=2).min() > 0.1


def test_weights_count() -> None:
    """Rows that weigh next to nothing teach next to nothing."""
    train = made(2_000, 1, plain=3.0)
    turned = np.arange(2_000) % 2 == 0
    label = np.where(turned, 1 - train.label, train.label)
    model = net.Recipe(0.1, 10).fit(replace(train, label=label, weight=np.where(turned, 1e-3, 1.0)))
    assert auc(train.label, model.log_odds(train.matrix)) > 0.8


def test_the_search_takes_the_number_of_passes_that_the_windows_ask_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Noise alone is best left early; what counts together takes long."""
    # One penalty says it as well as all.
    monkeypatch.setattr(net_search, "PENALTIES", net_search.PENALTIES[:1])
    noise, strong = (net_search.search(folded(400, product=product)).recipe for product in (0.0, 2.5))
    assert noise.passes < strong.passes
