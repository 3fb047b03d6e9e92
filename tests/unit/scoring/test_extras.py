"""Members whose libraries are optional: refused in words where they are missing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from scoring.errors import BundleError
from scoring.models import cat, extras, from_json, tuning, xgb
from tests.unit.scoring.test_models import folded, made


@pytest.fixture(autouse=True)
def nothing_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has."""
    monkeypatch.setattr("scoring.models.extras.find_spec", lambda _name: None)


@pytest.mark.parametrize("kind", ["xgboost", "catboost"])
def test_a_stored_model_is_refused_by_the_name_of_its_extra(kind: str) -> None:
    """Also as a member of a blend."""
    alone = {"kind": kind, "text": "{}"}
    blend = {"kind": "blend", "weights": [1.0], "members": [alone]}
    for data in (alone, blend):
        with pytest.raises(BundleError, match=rf"lead-scoring-connector\[{kind}\]"):
            from_json(data)


def test_an_unknown_kind_is_refused_in_words() -> None:
    """It is not damaged, but newer than the program."""
    with pytest.raises(BundleError, match=r"“oracle”.* Update the program"):
        from_json({"kind": "oracle"})


def test_nothing_is_fitted_or_searched_without_its_library() -> None:
    """The error says what to install."""
    for recipe in (xgb.Recipe({}, 1), cat.Recipe({}, 1)):
        with pytest.raises(BundleError, match="not installed"):
            recipe.fit(made(50, 1))
    with pytest.raises(BundleError, match="tuning"):
        tuning.search(folded(50), tuning.METHODS["tuned lightgbm"])


def test_every_extra_is_declared() -> None:
    """Under the names that the errors tell."""
    declared = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert extras.MODULES.keys() == declared["optional-dependencies"].keys()
