"""The commands of ``python -m scoring``."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import polars as pl

from scoring.bundle import dumps
from scoring.errors import FileError, ScoringError
from scoring.predict import score_recorded
from scoring.schema import Complexity, Goal
from scoring.standalone.carding import card, laid_out
from scoring.standalone.files import Loaded, Sources, load
from scoring.standalone.options import PATH, TENANT, Band, opened, sources
from scoring.standalone.options import model as model_option
from scoring.standalone.replaying import recorded, replay
from scoring.standalone.schema_page import schema
from scoring.standalone.supposing import what_if
from scoring.train import train as train_model
from scoring.versions import version_for


@click.group()
def cli() -> None:
    """Train, score and explain leads from Parquet or CSV files."""


@cli.command()
@sources
@click.option("--goal", default="Converted", show_default=True, help="What success is called.")
@click.option("--horizon", type=int, default=90, show_default=True, help="Days in which a conversion counts.")
@click.option("--capacity", type=int, default=100, show_default=True, help="Leads that sales can work on a week.")
@click.option("--high-intent", type=Band(), default="share=0.1", show_default=True, help="What sets the upper band.")
@click.option(
    "--complexity",
    type=click.Choice([one.value for one in Complexity]),
    default="standard",
    show_default=True,
    help="The most complex model that may be chosen.",
)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--audit", multiple=True, help="A field whose groups are compared (fairness); repeatable.")
@click.option("--segment", help="A field whose values may get models of their own (product line, region).")
@click.option("--out", type=PATH, default=Path("model.bundle"), show_default=True, help="Where the model goes.")
@click.option("--report", type=PATH, default=Path("report.json"), show_default=True, help="Where its figures go.")
def train(
    goal: str,
    horizon: int,
    capacity: int,
    high_intent: dict[str, Any],
    complexity: str,
    seed: int,
    audit: tuple[str, ...],
    segment: str | None,
    out: Path,
    report: Path,
    as_of: datetime | None,
    **where: Any,
) -> None:
    """Learn from LEADS (and EVENTS) and write a model, the figures of its trial on newer leads, and its card beside."""
    found = load(Sources(**where))
    now = as_of or found.newest
    wanted = Goal(
        goal,
        found.timing,
        horizon_days=horizon,
        maturity_days=horizon,
        capacity=capacity,
        **high_intent,
        complexity=Complexity(complexity),
        segment=segment,
    )
    version = version_for(now, existing=())
    _known(found, "--audit", audit)
    _known(found, "--segment", [segment] if segment else [])
    made = train_model(found.history, wanted, as_of=now, seed=seed, tenant=TENANT, version=version, attributes=audit)
    artefact = dumps(made.bundle)
    told = made.report | {"sha256": hashlib.sha256(artefact).hexdigest()}
    out.write_bytes(artefact)
    report.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    laid_out(told, out.with_name(f"{out.stem}-card"))
    click.echo(_told(told))


@cli.command()
@sources
@model_option
@click.option("--out", type=PATH, default=Path("scores.parquet"), show_default=True, help=".parquet or .csv.")
@click.option("--record", type=PATH, help="Also write what `replay` needs to this .parquet file.")
def score(model: Path, out: Path, record: Path | None, as_of: datetime | None, **where: Any) -> None:
    """Score the open LEADS, best first, with the reasons for and against each."""
    bundle = opened(model)
    found = load(Sources(**where))
    made = score_recorded(bundle, found.history, as_of=as_of or found.newest, former={})
    if record is not None:
        recorded(made, found.ids).write_parquet(record)
    scores = _readable(made.scores, found)
    if out.suffix == ".csv":
        flat = scores.with_columns(pl.col("reasons").list.join(" · ")).drop("reason_log_odds", "evidence")
        flat.write_csv(out)
    else:
        scores.write_parquet(out)
    click.echo(f"{scores.height} open leads of {len(found.ids)} scored with {bundle.version}: {out}")


cli.add_command(card)
cli.add_command(replay)
cli.add_command(schema)
cli.add_command(what_if)


@cli.command()
@model_option
def show(model: Path) -> None:
    """Say what a model is: version, goal, kind, features."""
    bundle = opened(model)
    told = {
        "version": bundle.version,
        "kind": bundle.model.kind,
        "goal": {**asdict(bundle.goal), "timing": str(bundle.goal.timing)},
        "features": list(bundle.spec.columns),
    }
    click.echo(json.dumps(told, indent=2, ensure_ascii=False))


def _readable(scores: pl.DataFrame, found: Loaded) -> pl.DataFrame:
    """Return the columns that people read, under the leads' own ids."""
    sentences, weights, cases = (
        pl.col("reasons").list.eval(pl.element().struct.field(name))
        for name in ("sentence", "contribution", "evidence")
    )
    ranked = scores.sort(["score_tenths", "lead_id"], descending=[True, False])
    return ranked.select(
        lead_id=found.ids.gather(ranked["lead_id"]),
        score=pl.col("score_tenths") / 10,
        probability="probability",
        low="low",
        high="high",
        little_known="little_known",
        expected_value=(pl.col("expected").cast(pl.Decimal(38, 2)) / 100).cast(pl.Decimal(38, 2)),
        currency="currency",
        tier="tier",
        reasons=sentences,
        reason_log_odds=weights,
        evidence=cases,
        fit="fit",
        engagement="engagement",
    )


def _known(found: Loaded, option: str, names: Sequence[str]) -> None:
    missing = sorted(set(names) - {field.name for field in found.history.fields})
    if missing:
        raise FileError(f"{option} {missing[0]}: there is no such field.")


def _told(report: dict[str, Any]) -> str:
    lines = [f"{report['version']}: {report['kind']}, {report['rows']} rows, {report['conversions']} conversions."]
    auc = report["metrics"].get("auc")
    if auc and auc["value"] is not None:
        lines.append(f"AUC on newer leads {auc['value']:.3f} ({auc['low']:.3f} to {auc['high']:.3f}).")
    held = [found["label"] for found in report["leakage"] if found["verdict"] == "suspect"]
    if held:
        lines.append(f"Held back, because they look as if they were filled in afterwards: {', '.join(held)}.")
    return "\n".join([*lines, report["verdict"]["sentence"]])


def main() -> None:
    """Run a command; errors are sentences on stderr."""
    try:
        cli(prog_name="python -m scoring")
    except ScoringError as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)
