"""Features of every field type, companies, and the sentences that reps read."""

from __future__ import annotations

import json
from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.features import FeatureSpec, Vectors, catalogue, fit
from scoring.features.reading import moment, number, truth
from scoring.population import numbered
from scoring.schema import EVENTS, LEADS, UTC_TIME, VALUES, Field, FieldType, Knowledge, Timing
from scoring.timeline import Timeline
from tests.unit.scoring.worlds import START, frame, history

NOW = START + timedelta(days=100)
COUNT = 40


def world(
    kind: FieldType,
    texts: list[str | None],
    label: str = "Field",
    options: tuple[tuple[str, str], ...] = (),
) -> Timeline:
    """COUNT leads of ten companies with one field; lead 1 clicked twice last week and once long ago."""
    ids = list(range(1, COUNT + 1))
    leads = frame(
        {
            "lead_id": ids,
            "created_at": [START + timedelta(hours=one) for one in ids],
            "intake_order": [None] * COUNT,
            "company_key": [f"c{one % 10}" for one in ids],
            "email_kind": ["business", "free"] * (COUNT // 2),
        },
        LEADS,
    )
    filled = [texts[one % len(texts)] for one in ids]
    values = frame({"lead_id": ids, "field": ["f"] * COUNT, "value": filled, "known_at": [None] * COUNT}, VALUES)
    clicks = [(1, NOW - timedelta(days=days), "email_clicked", "lead", "x") for days in (2, 3, 80)]
    clicks.append((2, NOW - timedelta(days=60), "page_view", "lead", "/"))
    events = pl.DataFrame(clicks, schema=EVENTS, orient="row")
    field = Field("f", label, kind, Knowledge.INTAKE, options=options)
    return Timeline(history(leads, values=values, events=events, fields=(field,)))


def fitted(timeline: Timeline) -> tuple[FeatureSpec, Vectors]:
    rows = pl.DataFrame({"lead_id": range(1, COUNT + 1), "as_of": [NOW] * COUNT})
    return fit(timeline, numbered(rows.cast({"lead_id": pl.Int64, "as_of": UTC_TIME})), Timing.DATED)


def column(vectors: Vectors, name: str) -> list[float]:
    return vectors.matrix[:, vectors.columns.index(name)].tolist()


def sentences(spec: FeatureSpec, vectors: Vectors, concept: str) -> list[str]:
    return vectors.base.select(catalogue(spec).sentences[concept]).to_series().to_list()


@pytest.mark.parametrize(
    ("kind", "texts", "name", "expected", "sentence"),
    [
        (FieldType.NUMBER, ["7", "12.5"], "field.f", 12.5, "Field: 12.5"),
        (FieldType.NUMBER, ["7", "12980000.0"], "field.f", 12980000.0, "Field: 12,980,000"),
        (FieldType.NUMBER, ["7", "10115"], "field.f", 10115.0, "Field: 10115"),
        (FieldType.BOOLEAN, ["no", "yes"], "field.f", 1.0, "Field: yes"),
        (FieldType.DATE, ["2024-04-01", "2024-04-08"], "field.f.days", 2.0, "Field: 2 days ago"),
        (FieldType.CATEGORY, ["web", "event"], "field.f=event", 1.0, "Field: event"),
        (FieldType.MULTI, ["a", "a;b"], "field.f=b", 1.0, "Field: a, b"),
        (FieldType.TEXT, [None, *(f"Call Ann {one}" for one in range(30))], "field.f.given", 1.0, "Field is filled in"),
    ],
)
def test_every_type_has_its_feature_and_sentence(
    kind: FieldType, texts: list[str | None], name: str, expected: float, sentence: str
) -> None:
    """The second text of each pair belongs to lead 1; free text is never repeated."""
    spec, vectors = fitted(world(kind, texts))
    assert column(vectors, name)[0] == expected
    assert sentences(spec, vectors, "Field")[0] == sentence


@pytest.mark.parametrize(
    ("kind", "text", "sentence"),
    [
        (FieldType.CATEGORY, "PAID_SEARCH", "Field: Paid search"),
        (FieldType.CATEGORY, "unlisted", "Field: unlisted"),
        (FieldType.MULTI, "PAID_SEARCH;REFERRALS", "Field: Paid search, Referrals"),
        (FieldType.BOOLEAN, "true", "Field: yes"),
    ],
)
def test_choices_are_told_in_the_words_that_people_chose_them_by(kind: FieldType, text: str, sentence: str) -> None:
    """A rep never reads the CRM's inner value; a value without a label stands for itself."""
    options = (("PAID_SEARCH", "Paid search"), ("REFERRALS", "Referrals"))
    spec, vectors = fitted(world(kind, [text], options=options))
    assert sentences(spec, vectors, "Field")[0] == sentence
    assert FeatureSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


@pytest.mark.parametrize("label", ["Field", "Price in $1 or ${1} {}"])
def test_a_date_is_told_by_its_distance(label: str) -> None:
    """Past, to come, the very day, and one that nobody can read; whatever its field is called."""
    texts = ["2024-04-12", "2024-04-10T11:00:00Z", "2024-04-10", "soon", "1712707200000", "2024-04-08", "2024-04-09"]
    spec, vectors = fitted(world(FieldType.DATE, texts, label=label))
    told = label.replace("{", "(").replace("}", ")")
    assert set(sentences(spec, vectors, label)) == {
        f"{told}: in 2 days",
        f"{told}: in 1 day",
        f"{told}: 1 day ago",
        f"{told}: 0 days ago",
        f"{told}: 2 days ago",
        f"{told} given",
    }


def test_numbers_and_choices_in_text_fields_are_recognised() -> None:
    """A text field is read by its values."""
    assert fitted(world(FieldType.TEXT, ["1", "2"]))[0].fields[0].type is FieldType.NUMBER
    assert fitted(world(FieldType.TEXT, ["red", "blue"]))[0].fields[0].type is FieldType.CATEGORY


@pytest.mark.parametrize("kind", [FieldType.CATEGORY, FieldType.MULTI])
def test_a_value_that_few_people_have_is_in_no_spec(kind: FieldType) -> None:
    """However many rows they have: four people are too few, five are enough."""
    texts: list[str | None] = [*(["of one"] + ["of four"] * 4 + ["of five"] * 5), *["of many"] * 30]
    timeline = world(kind, texts)
    days = [(lead, NOW - timedelta(days=day)) for lead in range(1, COUNT + 1) for day in range(20)]
    rows = numbered(pl.DataFrame(days, schema={"lead_id": pl.Int64, "as_of": UTC_TIME}, orient="row"))
    spec, _ = fit(timeline, rows, Timing.DATED)
    assert spec.fields[0].levels == ("of many", "of five")


def test_titles_become_seniority_and_function() -> None:
    """Recognised by what the field holds."""
    spec, vectors = fitted(world(FieldType.TEXT, ["Intern", "Marketing Director"]))
    assert spec.fields[0].is_title
    assert column(vectors, "title.f.seniority=Director")[0] == 1.0
    assert column(vectors, "title.f.function=Marketing")[1] == 0.0


def test_counts_recency_and_their_sentences() -> None:
    """Windows hold what their names say; the sentence tells the newest state."""
    spec, vectors = fitted(world(FieldType.TEXT, ["x"]))
    counts = [column(vectors, f"events.email_clicked.{window}")[0] for window in (7, 90, "all")]
    assert counts == [2.0, 3.0, 3.0]
    assert column(vectors, "recency.email_clicked")[0] == 2.0
    assert np.isnan(column(vectors, "recency.email_clicked")[1])
    assert sentences(spec, vectors, "Email clicks")[:2] == [
        "Clicked 2 links in the last 30 days",
        "No link clicked yet",
    ]
    assert sentences(spec, vectors, "Page visits")[1] == "Visited 1 page in the last 90 days"


def test_colleagues_are_counted_without_the_lead_itself() -> None:
    """Four leads a company; lead 11 sees the three clicks of lead 1, lead 1 sees none."""
    _, vectors = fitted(world(FieldType.TEXT, ["x"]))
    acts = column(vectors, "company.events.90")
    assert (acts[0], acts[10]) == (0.0, 3.0)


def test_a_field_named_like_an_event_concept_keeps_its_own_sentence() -> None:
    """Labels that collide get the field's name beside them; braces do no harm."""
    spec, vectors = fitted(world(FieldType.CATEGORY, ["a", "b"], label="Email clicks"))
    assert sentences(spec, vectors, "Email clicks")[0].startswith("Clicked")
    assert sentences(spec, vectors, "Email clicks (f)")[0] == "Email clicks (f): b"
    spec, vectors = fitted(world(FieldType.CATEGORY, ["a", "b"], label="Size {big}"))
    assert sentences(spec, vectors, "Size {big}")[0] == "Size (big): b"


def test_specs_survive_json() -> None:
    """What the bundle stores is what was fitted."""
    spec, _ = fitted(world(FieldType.CATEGORY, ["a", "b"]))
    assert FeatureSpec.from_json(spec.to_json()) == spec


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_no_text_breaks_the_readers(text: str) -> None:
    """Any text is a number, a truth value or a moment, or null; never an error."""
    read = pl.DataFrame({"x": [text]}, schema={"x": pl.String}).select(
        a=number(pl.col("x")), b=truth(pl.col("x")), c=moment(pl.col("x"))
    )
    assert read["a"].is_finite().fill_null(True).all()


def test_moments_are_read_from_iso_and_epoch() -> None:
    """Dates, times with zone letter, and milliseconds."""
    texts = ["2024-01-01", "2024-01-01T06:00:00Z", "1704067200000", "soon"]
    read = pl.DataFrame({"x": texts}).select(moment(pl.col("x"))).to_series().to_list()
    assert read == [START, START + timedelta(hours=6), START, None]
