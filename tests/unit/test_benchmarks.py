"""What benchmarks write, and the page that is made of it."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench.all import BENCHMARKS, found_in
from tests.bench.page import page, picture
from tests.bench.rows import Row, reported, told, written

FAST = Row("scoring", "one lead", "ms", 12.0, 15.0, 1.0, 100, 0.5, less_is_better=True)
SLOW = Row("scoring", "path beside LightGBM's own", "leads/s", 9_000.0, 36_000.0, 0.5, 5, 20.0)
SEEN = Row("scoring", "reasons", "leads/s", 20_000.0, 20_000.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "scoring.json", [FAST, SLOW, SEEN], {"quick": True})
    written(tmp_path / "leakage.json", [], {"seed": 7, "published": [{"verdict": "told apart"}]})
    return tmp_path


def test_ratios_are_turned_where_less_is_better() -> None:
    """Higher is better everywhere; what nothing is asked of is held."""
    assert [(round(row.ratio, 3), row.held) for row in (FAST, SLOW, SEEN)] == [(1.25, True), (0.25, False), (1.0, True)]
    assert told([FAST, SLOW]).count("NOT HELD") == 1


def test_a_report_holds_what_every_benchmark_writes(folder: Path) -> None:
    """Machine, settings and lines with all their figures; no name of a host."""
    found = json.loads((folder / "scoring.json").read_text())
    line = {"name", "unit", "achieved", "limit", "ratio", "required", "median_of", "spread"}
    assert all(line <= set(row) for row in found["rows"])
    assert "cores" in found["machine"]
    assert "GiB" in found["machine"]


def test_the_page_tells_every_line_and_what_was_missed(folder: Path) -> None:
    """One table a benchmark that was run; the picture has a bar for each line that something is asked of."""
    found = found_in(folder)
    text = page(found, Path("pictures/benchmarks.svg"))
    assert list(found) == ["scoring", "leakage"]
    assert text.count("\n## ") == 2
    assert "| path beside LightGBM's own | 9000 | 3.6e+04 | 0.25 | 0.5 **not held** | 5 | 20 | leads/s |" in text
    assert "seed 7" in text
    assert "told apart" not in text
    bars = [
        one
        for one in ElementTree.fromstring(picture(found)).iter()  # noqa: S314 - drawn by ourselves
        if one.get("fill") in ("#4477aa", "#cc3311")
    ]
    assert [one.get("fill") for one in bars] == ["#4477aa", "#cc3311"]


def test_reports_of_another_form_come_onto_the_page_too(tmp_path: Path) -> None:
    """Rows without what is held, a spread from least to most."""
    row = {"name": "hubspot: backfill", "unit": "requests/s", "achieved": 9.0, "limit": 10.0, "ratio": 0.9}
    for name, rest in (("line", {"required": 0.95}), ("rivals", {"required": 0.5, "spread": [1.0, 4.0]})):
        reported(tmp_path / f"{name}.json", [row | rest], {"contacts": 20_000})
    text = page(found_in(tmp_path), Path("pictures/benchmarks.svg"))
    assert text.count("contacts 20000.") == 2
    assert "| hubspot: backfill | 9 | 10 | 0.9 | 0.95 **not held** | 1 | 0 | requests/s |" in text
    assert "| 0.5 | 1 | 1.5 | requests/s |" in text


def test_the_page_of_the_project_is_made_of_the_figures_beside_it() -> None:
    """Figures that were changed without the page, or the other way round, would tell two things."""
    found = found_in(Path("docs/benchmarks"))
    assert page(found, Path("pictures/benchmarks.svg")) == Path("docs/benchmarks.md").read_text()
    assert picture(found) == Path("docs/pictures/benchmarks.svg").read_text()


def test_every_benchmark_is_a_module_that_is_there() -> None:
    """A name that nobody can run would only show at night."""
    for one in BENCHMARKS.values():
        path = Path(*one.module.split("."))
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()
