"""Model cards: all that the report knows, in Markdown and HTML, with nothing invented and nothing as markup."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from scoring.cards import body, card, markdown, page
from scoring.standalone.carding import laid_out
from scoring.standalone.commands import cli
from scoring.train import train
from tests.unit.scoring.reports import small
from tests.unit.scoring.worlds import AS_OF, DATED_GOAL, ORDERED_GOAL, dated, ordered


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return small()


def test_a_card_tells_what_a_reader_of_it_must_know(report: dict[str, Any]) -> None:
    """Goal, horizon, data, split, recipe, figures with intervals, verdict and rule, fields by use, limits, identity."""
    text = markdown(card(report)).replace("\\", "")
    auc = report["metrics"]["auc"]
    for said in (
        "Deal won",
        "within 30 days",
        f"{auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f})",
        report["verdict"]["sentence"],
        "lower bounds of at least 0.65",
        "blocked: no model may see it",
        "left out: proven to give the outcome away",
        "Newest first",
        "must not be used for",
        "ab" * 32,
        "Seed | 3",
        f"{report['split']['learned_from']['rows']:,}",
        "bootstrap",
        "What became of them",
        "slope of the log-odds" if report["drift"] else "Drift: too few",
        *report["notes"],
        *report["candidates"],
    ):
        assert said in text, said


def test_fields_are_told_by_their_use(report: dict[str, Any]) -> None:
    """What is read is used, what is blocked or proven is not."""
    uses = {one["field"]: one["use"] for one in report["inputs"]}
    assert uses == {"title": "used", "size": "used", "source": "used", "stage": "proven", "name": "blocked"}


def test_the_split_is_told_with_its_gap(report: dict[str, Any]) -> None:
    """At least a horizon lies between what was learned from and the test, unless the card says otherwise."""
    assert report["split"]["gap_days"] >= report["goal"]["horizon_days"]
    assert report["split"]["learned_from"]["window"]["last"] < report["test"]["window"]["first"]
    assert "every outcome that was learned from was known" in markdown(card(report))
    short = report | {"split": report["split"] | {"gap_days": 4.0}}
    assert "Only 4 days" in markdown(card(short))


@pytest.mark.parametrize(("world", "goal"), [(ordered(600), ORDERED_GOAL), (dated(40), DATED_GOAL)])
def test_every_training_has_a_card(world: Any, goal: Any) -> None:
    """Of an order only, and of a scorecard: no horizon is claimed and no unseen leads."""
    told = train(world, goal, as_of=AS_OF, seed=3, tenant="t", version="v").report
    text = markdown(card(told))
    if goal is ORDERED_GOAL:
        assert "no horizon is claimed" in text
        assert "No embargo can be kept" in text
    else:
        assert told["kind"] == "scorecard"
        assert "on every lead whose time is over" in text


def test_texts_are_texts(report: dict[str, Any]) -> None:
    """A field may be called anything: neither markup nor a broken table comes of it."""
    odd = "a | b <script> *x* [y](z)"
    told = report | {"inputs": [one | {"label": odd} for one in report["inputs"]], "notes": ["line\none | two"]}
    written = markdown(card(told))
    assert "<script>" not in written
    lines = [line for line in written.splitlines() if "script" in line]
    assert {line.replace("\\|", "").count("|") for line in lines} == {8}
    assert "<script>" not in page(card(told))
    root = ElementTree.fromstring(f"<main>{body(card(told))}</main>")  # noqa: S314 # our own text
    assert len(root.findall("section")) == len(card(told).sections)


def test_nothing_is_invented() -> None:
    """A report that holds nothing makes a card that says so."""
    text = markdown(card({}))
    assert "No verdict was recorded" in text
    assert "Nothing could be measured" in text


def test_the_folder_holds_card_figures_and_numbers(report: dict[str, Any], tmp_path: Path) -> None:
    """Every figure that the Markdown links is there, with its numbers; twice the same bytes."""
    made = laid_out(report, tmp_path / "one")
    laid_out(report, tmp_path / "two")
    for figure in made.pictures():
        assert f"(figures/{figure.name}.svg)" in (tmp_path / "one/card.md").read_text()
        assert json.loads((tmp_path / f"one/figures/{figure.name}.json").read_text()) == figure.data
    names = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert len(names) == 2 + 2 * 9
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in names)


def test_the_command_refuses_what_is_no_report(tmp_path: Path) -> None:
    """In words, naming the file."""
    wrong = tmp_path / "r.json"
    for content in ("{}", "[1]", "{"):
        wrong.write_text(content)
        answer = CliRunner().invoke(cli, ["card", str(wrong), "--out", str(tmp_path / "c")])
        assert answer.exit_code == 1
        assert "r.json" in str(answer.exception)
        assert not (tmp_path / "c").exists()


def test_a_card_needs_no_model_libraries() -> None:
    """The web process draws cards; LightGBM and scikit-learn stay out of it."""
    code = "import sys, scoring.cards; sys.exit(any(name in sys.modules for name in ('lightgbm', 'sklearn', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
