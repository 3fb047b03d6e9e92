"""Models, their cards, and all scores as one file."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

from connector.services.api import exports
from connector.store import score_export
from connector.store.tables import scores
from tests.unit.web.api.program import Program, problem, program, told
from tests.unit.web.site import Site


def test_models_are_listed_and_read(reader: Program) -> None:
    """The one that scores by its name or as "current"; the card in two forms."""
    (listed,) = told(reader.get("/models"))["models"]
    found = told(reader.get("/models/current"))
    assert found == told(reader.get(f"/models/{listed['version']}"))
    assert (found["status"], found["sha256"]) == ("champion", listed["sha256"])
    assert found["report"]["metrics"]
    card = reader.get("/models/current/card")
    assert card.mimetype == "text/markdown"
    assert card.text.startswith("# Model card")
    assert "<html" in reader.get("/models/current/card", form="html").text
    problem(reader.get("/models/current/card", form="pdf"), 422, "invalid")
    for path in ("/models/model_v20000101", "/models/model_v20000101/card"):
        problem(reader.get(path), 404, "not-found")


def test_all_scores_come_as_csv_and_as_parquet(scored: Site, reader: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows in both, over several pieces; the records' ids lead back to the CRM."""
    monkeypatch.setattr(exports, "PIECE", 70)
    answer = reader.get("/exports/scores.csv")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    frame = pl.read_parquet(io.BytesIO(reader.get("/exports/scores.parquet").data))
    with scored.world.services.store.reading() as session:
        stored = session.execute(sa.select(scores).order_by(scores.c.lead_id)).all()
    assert len(stored) > 140
    assert frame.schema == exports.SCHEMA
    assert [int(row["lead_id"]) for row in rows] == [row.lead_id for row in stored] == frame["lead_id"].to_list()
    assert [float(row["score"]) for row in rows] == [float(row.score) for row in stored] == frame["score"].to_list()
    assert frame["scored_at"].to_list() == [row.scored_at for row in stored]
    assert all(row["records"].startswith("fakecrm:101:") for row in rows)
    assert "@" not in answer.text


def test_an_export_has_no_name_in_any_folder(scored: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed while writing or sending one leaves nothing of anybody behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(exports, "PIECE", 70)
    seen: list[list[Path]] = []

    def piece(*args: Any) -> Any:
        seen.append(list(tmp_path.iterdir()))
        return read(*args)

    read = score_export.piece
    monkeypatch.setattr(score_export, "piece", piece)
    with exports.as_parquet(scored.world.services, scored.tenant_of("101"), None) as made:
        assert pl.read_parquet(made).height > 140
        seen.append(list(tmp_path.iterdir()))
    assert len(seen) > 3
    assert not any(seen)


def test_a_tier_is_exported_alone(reader: Program) -> None:
    """And an unknown one is refused."""
    rows = list(csv.DictReader(io.StringIO(reader.get("/exports/scores.csv", tier="High-Intent").text)))
    assert {row["tier"] for row in rows} == {"High-Intent"}
    problem(reader.get("/exports/scores.csv", tier="Best"), 422, "invalid")


def test_a_spreadsheet_finds_no_formula(live: Site, writer: Program) -> None:
    """Reasons hold texts of a CRM: what begins like a formula gets an apostrophe; in Parquet it stays as it is."""
    texts = ['=HYPERLINK("http://x")', "+1", "-1", "@SUM(A1)", "\tx", "plain, “quoted” \n text"]
    with live.world.services.store.transaction() as session:
        ids = list(session.execute(sa.select(scores.c.lead_id).order_by(scores.c.lead_id).limit(len(texts))).scalars())
        for lead, text in zip(ids, texts, strict=True):
            reasons = [{"sentence": text, "contribution": 1.0}]
            session.execute(sa.update(scores).where(scores.c.lead_id == lead).values(reasons=reasons))
    rows = list(csv.DictReader(io.StringIO(writer.get("/exports/scores.csv").text, newline="")))
    assert [row["reason_1"] for row in rows[: len(texts)]] == [*(f"'{text}" for text in texts[:-1]), texts[-1]]
    frame = pl.read_parquet(io.BytesIO(writer.get("/exports/scores.parquet").data))
    assert frame["reason_1"].to_list()[: len(texts)] == texts


def test_a_tenant_without_scores_gets_empty_files(fresh: Site) -> None:
    """With their columns."""
    fresh.signed_in()
    caller = program(fresh)
    assert caller.get("/exports/scores.csv").text.strip().split(",") == exports.SCHEMA.names()
    frame = pl.read_parquet(io.BytesIO(caller.get("/exports/scores.parquet").data))
    assert (frame.height, frame.schema) == (0, exports.SCHEMA)
