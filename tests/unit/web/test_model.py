"""The model page, from the report that training really makes, and from poorer ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from connector.services.reports.model import ModelReport, model_report
from connector.store.tables import models
from tests.unit.web.site import Browser, Site

Put = Callable[[dict[str, Any]], ModelReport]


def stored(site: Site) -> dict[str, Any]:
    """The report of the model that was trained."""
    with site.world.services.store.reading() as session:
        found: dict[str, Any] = session.execute(sa.select(models.c.report)).scalar_one()
    return found


@pytest.fixture
def put(scored: Site) -> Iterator[Put]:
    """Puts another report in the place of the real one, for this test."""
    real = stored(scored)

    def replace(told: dict[str, Any]) -> ModelReport:
        with scored.world.services.store.transaction() as session:
            session.execute(sa.update(models).values(report=told))
        report = model_report(scored.world.services, scored.tenant_of("101"))
        assert report
        return report

    yield replace
    replace(real)


def test_what_the_figures_are_compared_over_is_told(put: Put, alice: Browser) -> None:
    """Who has named nothing is told so; what the model compared stands there, its texts escaped."""
    text = alice.get("/model").text
    assert "Whether it is fair to groups of people" in text
    assert "No field is chosen to be compared over" in text
    put({"segments": [{"attribute": "fakecrm.city", "groups": [], "gaps": [], "sentence": "All <alike>."}]})
    assert "All &lt;alike&gt;." in alice.get("/model").text


def test_a_trained_model_is_shown_with_all_its_parts(scored: Site, alice: Browser) -> None:
    """Verdict, version, figures with bounds, baselines, figures, inputs and verdicts on fields."""
    told = stored(scored)
    text = alice.get("/model").text
    auc = told["metrics"]["auc"]
    assert told["verdict"]["sentence"].split(":")[0] in text
    assert told["version"] in text
    assert f"{auc['value']:.3f}" in text
    assert f"{auc['low']:.3f} to {auc['high']:.3f}" in text
    assert "Hit rate of the top 100" in text
    assert "Newest first" in text
    for title in ("Lift", "Cumulative gain", "Reliability", "ROC curve", "What moves the scores"):
        assert f"<title>{title}</title>" in text
    assert "Company size" in text
    assert "system field" in text


def test_every_figure_of_training_has_a_name_and_a_meaning(scored: Site) -> None:
    """No metric or baseline that training reports is left out or shown under its raw name."""
    told = stored(scored)
    report = model_report(scored.world.services, scored.tenant_of("101"))
    assert report
    measured = {name for name, value in told["metrics"].items() if value is not None} - {"k", "base_rate", "lift"}
    assert len(report.metrics) == len(measured) + len(told["metrics"]["lift"])
    assert all(metric.meaning for metric in report.metrics)
    assert len(report.comparisons) == len(told["baselines"]) + 1
    assert all(item.meaning for item in report.comparisons)
    assert sum(family.share for family in report.families) == pytest.approx(1.0)


def test_a_scorecard_does_not_claim_unseen_leads(put: Put, scored: Site, alice: Browser) -> None:
    """The rules learned nothing, so there is no test period to speak of."""
    report = put(stored(scored) | {"kind": "scorecard"})
    assert not report.learned
    text = alice.get("/model").text
    assert "Transparent scorecard" in text
    assert "leads that it had not seen" not in text


def test_an_empty_report_still_makes_a_page(put: Put, alice: Browser) -> None:
    """Whatever is missing is left out; the version is always there."""
    report = put({})
    assert report.metrics == report.comparisons == report.judgements == ()
    answer = alice.get("/model")
    assert answer.status_code == 200
    assert report.version in answer.text
    assert "<svg" not in answer.text.partition("<main")[2]


def test_a_report_without_dates_names_none(put: Put, scored: Site, alice: Browser) -> None:
    """Files that only know the order of leads have no window."""
    told = stored(scored) | {"window": {"first": None, "last": None}, "test": {"rows": 200, "conversions": 51}}
    report = put(told)
    assert report.trained_on.first is None
    assert "200 snapshots, 51 converting leads" in alice.get("/model").text


@pytest.mark.parametrize("missing", [{"value": None, "low": None, "high": None}, None])
def test_a_figure_that_could_not_be_computed_is_a_dash(put: Put, scored: Site, alice: Browser, missing: object) -> None:
    """No figure is invented."""
    told = stored(scored)
    put(told | {"metrics": told["metrics"] | {"auc": missing}})
    assert alice.get("/model").status_code == 200


def test_what_was_held_back_comes_first(put: Put, scored: Site) -> None:
    """Suspect fields, then proven ones, then the clear."""
    verdicts = ["clear", "suspect", "proven", "clear", "suspect"]
    told = [{"field": str(n), "label": f"F{n}", "verdict": v, "reason": "why"} for n, v in enumerate(verdicts)]
    report = put(stored(scored) | {"leakage": told})
    assert [item.verdict for item in report.judgements] == ["suspect", "suspect", "proven", "clear", "clear"]


def test_labels_from_the_crm_are_text(put: Put, scored: Site, alice: Browser) -> None:
    """A field may be called anything."""
    feature = {"name": "x", "label": "<i>Field</i>", "family": "<u>odd</u>", "importance": 1.0}
    put(stored(scored) | {"features": [feature], "notes": ["<b>note</b>"]})
    text = alice.get("/model").text
    assert not any(tag in text for tag in ("<i>", "<u>", "<b>"))
    assert "&lt;i&gt;Field" in text


def test_the_card_is_a_page_and_two_files(scored: Site, alice: Browser) -> None:
    """The page leads to it; the files carry version and hash, and the HTML needs nothing else."""
    told = stored(scored)
    assert 'href="/model/card"' in alice.get("/model").text
    page = alice.get("/model/card").text
    html, text = alice.get("/model/card.html"), alice.get("/model/card.md")
    for found in (page, html.text, text.text.replace("\\", "")):
        assert told["version"] in found
        assert told["verdict"]["sentence"].split(":")[0] in found
        assert "must not be used for" in found
    for answer, name in ((html, "model-card.html"), (text, "model-card.md")):
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "<link" not in html.text
    assert "<title>ROC curve</title>" in html.text
    assert 'style="' not in page.partition("<main")[2]


def test_a_card_holds_texts_as_texts(put: Put, scored: Site, alice: Browser) -> None:
    """Whatever a field or a goal is called."""
    told = stored(scored)
    odd = [one | {"label": "<i>Field</i>"} for one in told["inputs"]]
    put(told | {"inputs": odd, "notes": ["<b>note</b>"], "goal": told["goal"] | {"name": "<u>won</u>"}})
    for path in ("/model/card", "/model/card.html"):
        text = alice.get(path).text
        assert not any(tag in text for tag in ("<i>", "<u>", "<b>"))
        assert "&lt;i&gt;Field" in text


def test_an_empty_report_still_makes_a_card(put: Put, alice: Browser) -> None:
    """With nothing told but the version."""
    put({})
    for path in ("/model/card", "/model/card.html", "/model/card.md"):
        assert alice.get(path).status_code == 200
