"""Two scores of a lead are compared concept by concept, and every part of the difference is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.changes import Recording, changed
from scoring.errors import HistoryError
from scoring.predict import Recorded, score_recorded
from scoring.schema import EVENTS, History
from scoring.train import Training, train
from tests.unit.scoring import trained as shared
from tests.unit.scoring.trained import WORLD
from tests.unit.scoring.worlds import AS_OF, PLAIN_GOAL

LATER = AS_OF + timedelta(days=10)


def made(world: History, version: str, seed: int = 3) -> Training:
    return train(world, PLAIN_GOAL, as_of=AS_OF, seed=seed, tenant="t1", version=version)


@pytest.fixture(scope="module")
def trained() -> Training:
    return shared.trained()


@pytest.fixture(scope="module")
def other() -> Training:
    """A model that knows no company size, and so reads other inputs."""
    return made(replace(WORLD, fields=tuple(f for f in WORLD.fields if f.name != "size")), "model_v20250111")


@pytest.fixture(scope="module")
def recorded(trained: Training) -> Recorded:
    return score_recorded(trained.bundle, WORLD, as_of=AS_OF, former={})


def of(training: Training, recorded: Recorded, lead: int) -> Recording:
    return Recording(training.bundle, recorded.inputs.filter(pl.col("lead_id") == lead))


def busy(lead: int) -> History:
    """The world in which a lead has submitted four forms since."""
    rows = {
        "lead_id": [lead] * 4,
        "at": [AS_OF + timedelta(days=9)] * 4,
        "kind": ["form_submitted"] * 4,
        "actor": ["lead"] * 4,
        "detail": ["/demo"] * 4,
    }
    return replace(WORLD, events=pl.concat([WORLD.events, pl.DataFrame(rows, schema=EVENTS)]))


@pytest.fixture(scope="module")
def by_other(other: Training) -> Recorded:
    return score_recorded(other.bundle, WORLD, as_of=AS_OF, former={})


@settings(max_examples=8, deadline=None)
@given(place=st.integers(0, 300), which=st.sampled_from(["same", "retrained", "other inputs"]))
def test_all_parts_make_the_difference(
    trained: Training, other: Training, recorded: Recorded, by_other: Recorded, place: int, which: str
) -> None:
    """Model and concepts together are the difference of the log-odds, whatever the two models."""
    lead = recorded.inputs["lead_id"][place]
    after = {"same": trained, "other inputs": other}.get(which) or replace(
        trained, bundle=replace(other.bundle, version="model_v3")
    )
    first, second = (trained, after) if which != "other inputs" else (after, trained)
    old = recorded if first is trained else by_other
    new = score_recorded(second.bundle, busy(lead), as_of=LATER, former={}, lead_ids=[lead])
    found = changed(of(first, old, lead), of(second, new, lead))
    assert found.model + sum(change.log_odds for change in found.changes) == pytest.approx(
        found.after - found.before, abs=1e-6
    )
    assert found.after == pytest.approx(new.scores.filter(pl.col("lead_id") == lead)["log_odds"].item(), abs=1e-12)
    assert found.parted is (which != "other inputs")


def test_what_a_lead_did_is_told_in_words(trained: Training, recorded: Recorded) -> None:
    """Forms come first and are named; what did not move is not blamed."""
    lead = recorded.inputs["lead_id"][11]
    new = score_recorded(trained.bundle, busy(lead), as_of=LATER, former={}, lead_ids=[lead])
    found = changed(of(trained, recorded, lead), of(trained, new, lead))
    forms = next(change for change in found.changes if change.concept == "Forms")
    assert any("Forms" in words and "→" in words for words in forms.moved)
    told = " ".join(found.sentences())
    assert told.startswith("The score went from ")
    assert "The model changed" not in told
    size = next(change for change in found.changes if change.concept == "Company size")
    assert size.moved == ()


def test_nothing_changed_is_said(trained: Training, recorded: Recorded) -> None:
    """The same score twice."""
    one = of(trained, recorded, recorded.inputs["lead_id"][0])
    assert changed(one, one).sentences()[-1] == "Nothing about the lead changed that counts."


def test_a_new_model_is_named_and_its_part_is_set_apart(trained: Training, other: Training, recorded: Recorded) -> None:
    """The same vector by another model: all is the model's part; of other inputs the words say that they are."""
    lead = recorded.inputs["lead_id"][5]
    again = replace(other.bundle, version="model_v20250202")
    vectors = recorded.inputs.filter(pl.col("lead_id") == lead)
    found = changed(Recording(trained.bundle, vectors), Recording(again, vectors))
    assert found.parted
    assert all(change.log_odds == 0 for change in found.changes)
    assert found.model == pytest.approx(found.after - found.before)
    assert "changed from model_v20250101 to model_v20250202: of the same lead" in found.sentences()[1]
    fewer = vectors.select(pl.exclude("field.size"))
    across = changed(Recording(again, fewer), Recording(trained.bundle, vectors))
    assert "can't be told apart" in across.sentences()[1]


def test_inputs_of_something_else_are_refused(trained: Training, recorded: Recorded) -> None:
    """Two rows, or columns that are not the model's."""
    with pytest.raises(HistoryError, match="not the inputs of one score"):
        changed(Recording(trained.bundle, recorded.inputs.head(2)), Recording(trained.bundle, recorded.inputs.head(1)))
    bare = Recording(trained.bundle, recorded.inputs.head(1).select("lead_id"))
    with pytest.raises(HistoryError, match="model_v20250101"):
        changed(bare, bare)
