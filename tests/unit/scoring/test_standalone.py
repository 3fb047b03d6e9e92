"""Training and scoring from files, as somebody without the connector does it."""

from __future__ import annotations

import hashlib
import json
from datetime import date, datetime, time, timedelta, timezone
from pathlib import Path
from shutil import copytree
from typing import Any

import click
import polars as pl
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import FileError
from scoring.schema import FieldType, HighIntent, Knowledge, Timing
from scoring.standalone.commands import cli
from scoring.standalone.files import Sources, load
from scoring.standalone.options import Band
from scoring.standalone.reading import Table
from tests.unit.scoring.worlds import dated

FILES = ("@leads.parquet", "@events.parquet", "--conversions", "@won.parquet", "--ignore", "name")
PLAIN = ("--horizon", "30", "--complexity", "interpretable")
"""What is on trial are the files: climbing the whole ladder takes the longest."""


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables of a small history, under text ids, for tests that copy it."""
    tmp_path = tmp_path_factory.mktemp("tables")
    whole = dated(300, seed=3)
    name = pl.concat_str(pl.lit("L-"), pl.col("lead_id").cast(pl.String)).alias("lead_id")
    wide = whole.values.filter(pl.col("known_at").is_null()).pivot(on="field", index="lead_id", values="value")
    leads = whole.leads.drop("intake_order").join(wide, on="lead_id").with_columns(name)
    leads.write_parquet(tmp_path / "leads.parquet")
    whole.events.with_columns(name).write_parquet(tmp_path / "events.parquet")
    brought = (pl.col("lead_id") % 7 * 10.5 + 100).cast(pl.String).alias("amount")
    whole.conversions.with_columns(brought, name).write_parquet(tmp_path / "won.parquet")
    return tmp_path


@pytest.fixture
def folder(tables: Path, tmp_path: Path) -> Path:
    """The tables, for one test alone."""
    return copytree(tables, tmp_path, dirs_exist_ok=True)


@pytest.fixture(scope="module")
def with_model(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tables and a model that was trained on them, for tests that copy it."""
    made = copytree(tables, tmp_path_factory.mktemp("model"), dirs_exist_ok=True)
    trained = run(made, "train", *FILES, *PLAIN, "--out", "@m.bundle", "--report", "@r.json")
    assert trained.exit_code == 0, trained.output
    (made / "said.txt").write_text(trained.output)
    return made


@pytest.fixture
def model(with_model: Path, tmp_path: Path) -> Path:
    """The folder with a model trained on its files, for one test alone."""
    return copytree(with_model, tmp_path, dirs_exist_ok=True)


def run(folder: Path, *arguments: str) -> Any:
    """Run a command as a user would; return its result."""
    return CliRunner().invoke(cli, [f"{folder}/{item[1:]}" if item[0] == "@" else item for item in arguments])


def test_a_model_is_trained_and_scores_from_files(model: Path) -> None:
    """Leads come back under their own ids, best first, with sentences; the same files give the same bytes."""
    assert "AUC on newer leads" in (model / "said.txt").read_text()
    report = json.loads((model / "r.json").read_text())
    assert report["metrics"]["auc"]["value"] > 0.6
    assert report["sha256"] == hashlib.sha256((model / "m.bundle").read_bytes()).hexdigest()
    assert report["sha256"] in (model / "m-card" / "card.html").read_text()
    assert run(model, "card", "@r.json", "--out", "@c").exit_code == 0
    assert (model / "c" / "card.md").read_bytes() == (model / "m-card" / "card.md").read_bytes()
    again = run(model, "train", *FILES, *PLAIN, "--out", "@n.bundle", "--report", "@q.json", "--audit", "name")
    assert again.exit_code == 0
    assert (model / "m.bundle").read_bytes() == (model / "n.bundle").read_bytes()
    audited = json.loads((model / "q.json").read_text())["segments"]
    assert [(one["attribute"], one["is_input"]) for one in audited] == [("name", False)]
    wrong = run(model, "train", *FILES, "--audit", "nowhere", "--out", "@o.bundle")
    assert "there is no such field" in str(wrong.exception)
    scored = run(model, "score", *FILES, "--model", "@m.bundle", "--out", "@s.parquet")
    assert scored.exit_code == 0, scored.output
    scores = pl.read_parquet(model / "s.parquet")
    won = pl.read_parquet(model / "won.parquet")["lead_id"]
    assert scores["lead_id"].str.starts_with("L-").all()
    assert not scores["lead_id"].is_in(won.implode()).any()
    assert scores["score"].is_sorted(descending=True)
    assert (scores["expected_value"].cast(pl.Float64) / scores["probability"]).head(20).is_between(95, 170).all()
    assert "Person" not in str(scores["reasons"].to_list())
    assert run(model, "score", *FILES, "--model", "@m.bundle", "--out", "@s.csv").exit_code == 0
    assert run(model, "show", "--model", "@m.bundle").exit_code == 0


def test_the_page_shows_code_that_runs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of the documentation, as it stands there."""
    page = (Path(__file__).parents[3] / "docs" / "scoring.md").read_text(encoding="utf-8")
    code = page.partition("```python\n")[2].partition("```")[0]
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {}
    exec(compile(code, "docs/scoring.md", "exec"), names)  # noqa: S102 # our own page
    assert names["scores"].height > 100


def test_what_is_known_of_time_decides_what_is_claimed(tmp_path: Path) -> None:
    """Dates, creation only, or nothing but an order."""
    plain = pl.DataFrame({"lead_id": ["a", "b"], "won": ["yes", "no"], "size": [1, 2]})
    plain.write_csv(tmp_path / "plain.csv")
    plain.with_columns(created_at=pl.lit("2026-01-02")).write_csv(tmp_path / "dated.csv")
    ordered = load(Sources(tmp_path / "plain.csv", label="won", intake=("size",)))
    assert ordered.timing is Timing.ORDERED
    assert ordered.history.conversions["lead_id"].to_list() == [0]
    assert [(field.name, field.knowledge) for field in ordered.history.fields] == [("size", Knowledge.INTAKE)]
    created = load(Sources(tmp_path / "dated.csv", label="won"))
    assert (created.timing, created.newest.isoformat()) == (Timing.CREATED, "2026-01-02T00:00:01+00:00")


@pytest.mark.parametrize(
    ("leads", "events", "said"),
    [
        ({"lead": ["a"]}, None, "leads.csv: the column 'lead_id' is missing"),
        ({"lead_id": ["a", "b", "a"]}, None, "leads.csv: row 3 repeats the lead 'a'"),
        ({"lead_id": ["a"], "created_at": ["2026-01-02 03:04:05"]}, None, "row 1 of 'created_at' is a time without"),
        ({"lead_id": ["a"], "created_at": ["soon"]}, None, "is a time without a zone"),
        ({"lead_id": ["a"], "created_at": ["2026-13-02"]}, None, "row 1 of 'created_at' is no time"),
        ({"lead_id": ["a"]}, {"lead_id": ["b"], "at": ["2026-01-02"], "kind": ["x"]}, "row 1 names 'b', which is not"),
        ({"lead_id": ["a"]}, {"lead_id": ["a"], "kind": ["x"]}, "events.csv: the column 'at' is missing"),
    ],
)
def test_a_wrong_file_is_refused_in_words(
    tmp_path: Path, leads: dict[str, list[str]], events: dict[str, list[str]] | None, said: str
) -> None:
    """File, column and row are named."""
    pl.DataFrame(leads).write_csv(tmp_path / "leads.csv")
    if events is not None:
        pl.DataFrame(events).write_csv(tmp_path / "events.csv")
    with pytest.raises(FileError, match=said):
        load(Sources(tmp_path / "leads.csv", tmp_path / "events.csv" if events else None))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("capacity", {"high_intent": HighIntent.CAPACITY}),
        ("share=0.2", {"high_intent": HighIntent.SHARE, "high_intent_share": 0.2}),
        ("probability=.3", {"high_intent": HighIntent.PROBABILITY, "high_intent_probability": 0.3}),
        ("probability=30", "has no part between 0 and 1"),
        ("probability", "has no part between 0 and 1"),
        ("best", "is none of share=0.1, capacity, probability=0.3"),
    ],
)
def test_a_band_is_set_in_one_of_three_ways(written: str, said: str | dict[str, object]) -> None:
    """By share, capacity or chance; anything else is refused in words."""
    if isinstance(said, dict):
        assert Band().convert(written, None, None) == said
        return
    with pytest.raises(click.BadParameter, match=said):
        Band().convert(written, None, None)


@settings(max_examples=60)
@given(
    day=st.dates(date(1990, 1, 1), date(2090, 1, 1)),
    clock=st.times(),
    minutes=st.sampled_from([0, 330, -480]),
    compact=st.booleans(),
    gap=st.sampled_from(["T", " "]),
)
def test_a_time_is_read_the_same_however_it_is_written(
    day: date, clock: time, minutes: int, compact: bool, gap: str
) -> None:
    """Any offset, a blank or a T, parts of a second or none."""
    moment = datetime.combine(day, clock, timezone(timedelta(minutes=minutes)))
    written = moment.isoformat(sep=gap)
    written = written[:-3] + written[-2:] if compact else written.replace("+00:00", "Z")
    (read,) = Table("x.csv", pl.DataFrame({"at": [written]})).times("at", assume_utc=False)
    assert read == moment


def test_recorded_scores_are_replayed_from_their_file(model: Path) -> None:
    """All equal as written; a touched score is named by its lead's own id."""
    scored = run(model, "score", *FILES, "--model", "@m.bundle", "--out", "@s.csv", "--record", "@rec.parquet")
    assert scored.exit_code == 0, scored.output
    replayed = run(model, "replay", "@rec.parquet", "--model", "@m.bundle")
    assert replayed.exit_code == 0, replayed.output
    record = pl.read_parquet(model / "rec.parquet")
    assert replayed.output.startswith(f"{record.height} scores recomputed")
    nudged = pl.when(pl.int_range(pl.len()) == 5).then(pl.col("probability") * (1 - 2**-52)).otherwise("probability")
    record.with_columns(probability=nudged).write_parquet(model / "touched.parquet")
    found = run(model, "replay", "@touched.parquet", "--model", "@m.bundle")
    assert found.exit_code == 1
    assert f"{record['lead_id'][5]}: probability was" in found.output
    assert "1 of" in found.output
    wrong = run(model, "replay", "@leads.parquet", "--model", "@m.bundle")
    assert isinstance(wrong.exception, FileError)
    assert "score --record" in str(wrong.exception)


@pytest.mark.parametrize("suffix", ["toml", "json"])
def test_what_is_declared_of_fields_counts(tmp_path: Path, suffix: str) -> None:
    """Label, type, knowledge, choices; what is not said is told from the file."""
    pl.DataFrame({"lead_id": ["a", "b"], "plan": ["1", "2"], "phone": ["1", "2"]}).write_csv(tmp_path / "leads.csv")
    said = {"plan": {"label": "Plan", "type": "category", "knowledge": "intake", "options": {"1": "Free", "2": "Paid"}}}
    texts = {
        "json": json.dumps(said | {"phone": {"blocked": True}}),
        "toml": '[plan]\nlabel = "Plan"\ntype = "category"\nknowledge = "intake"\noptions = {1 = "Free", 2 = "Paid"}\n'
        "[phone]\nblocked = true\n",
    }
    (tmp_path / f"fields.{suffix}").write_text(texts[suffix], encoding="utf-8")
    phone, plan = load(Sources(tmp_path / "leads.csv", fields=tmp_path / f"fields.{suffix}")).history.fields
    assert (plan.label, plan.type, plan.knowledge) == ("Plan", FieldType.CATEGORY, Knowledge.INTAKE)
    assert plan.options == (("1", "Free"), ("2", "Paid"))
    assert (phone.blocked, phone.knowledge, phone.label) == (True, Knowledge.UNDATED, "phone")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("f.toml", "[size]\ntype = 'amount'", "'type' of 'size' can't be 'amount'; it is one of number"),
        ("f.toml", "[size]\nkind = 'number'", "'size' has the key 'kind'; known are label"),
        ("f.toml", "[size]\nblocked = 'yes'", "'blocked' of 'size' can't be 'yes'; it is true or false"),
        ("f.toml", "[other]\nlabel = 'x'", "--fields names 'other', which is no field"),
        ("f.toml", "size = 3", "must hold a table for each field"),
        ("f.json", "{", "can't be read as json"),
        ("f.yaml", "", "give a .toml or a .json file"),
    ],
)
def test_a_wrong_declaration_is_refused_in_words(tmp_path: Path, name: str, text: str, said: str) -> None:
    """The key, what it was and what it takes."""
    pl.DataFrame({"lead_id": ["a"], "size": ["1"]}).write_csv(tmp_path / "leads.csv")
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(FileError, match=said):
        load(Sources(tmp_path / "leads.csv", fields=tmp_path / name))


def test_the_schema_is_told(folder: Path) -> None:
    """Every column that is read, and every one that is written."""
    told = run(folder, "schema").output
    assert {"lead_id", "created_at", "known_at", "reason_log_odds"} <= set(told.split())


def test_a_lead_is_supposed_otherwise(model: Path) -> None:
    """Both scores, what moved, and that it is no promise; what is not understood is refused."""
    scored = run(model, "score", *FILES, "--model", "@m.bundle", "--out", "@s.parquet")
    assert scored.exit_code == 0, scored.output
    lead = pl.read_parquet(model / "s.parquet")["lead_id"][-1]
    asked = ("what-if", *FILES, "--model", "@m.bundle", "--lead", lead)
    told = run(model, *asked, "--set", "size=9000000", "--event", "form_submitted:/demo@1", "--event", "email_clicked")
    assert told.exit_code == 0, told.output
    assert "The score went from" in told.output
    assert "outside what was seen" in told.output
    assert "not a promise" in told.output
    for wrong in (("--set", "size"), ("--event", ":x@2"), ("--event", "page_view@soon"), ("--lead", "nobody")):
        assert isinstance(run(model, *asked, *wrong).exception, FileError)


def test_an_amount_that_is_none_is_named(folder: Path) -> None:
    """The file, the row and what to write."""
    won = pl.read_parquet(folder / "won.parquet").with_columns(amount=pl.lit("a lot"))
    won.write_parquet(folder / "won.parquet")
    told = run(folder, "train", *FILES, "--out", "@m.bundle", "--report", "@r.json")
    assert told.exit_code != 0
    assert str(told.exception) == "won.parquet: row 1: 'amount' is no amount; write 1234.50."
