"""The commands of ``python -m scoring``."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import polars as pl

from scoring.bundle import Bundle, dumps, loads
from scoring.errors import ScoringError
from scoring.predict import score as score_leads
from scoring.schema import Goal
from scoring.standalone.files import Loaded, Sources, load
from scoring.train import train as train_model
from scoring.versions import version_for

PATH = click.Path(path_type=Path, dir_okay=False)
TENANT = "standalone"


class Instant(click.ParamType[datetime]):
    """A time with its zone."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time; fail in words where it is none or has no zone."""
        try:
            read = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is no time; write 2026-03-01T00:00:00Z.", param, ctx)
        if read.tzinfo is None:
            self.fail(f"'{value}' has no zone; write {value}Z.", param, ctx)
        return read


def _sources(command: Any) -> Any:
    """Add the arguments and options that say where the history lies."""
    options = (
        click.argument("leads", type=PATH),
        click.argument("events", type=PATH, required=False),
        click.option("--values", type=PATH, help="History of fields: lead_id, field, value, known_at."),
        click.option("--intake", multiple=True, help="A field that is fixed at creation; repeatable."),
        click.option("--ignore", "ignored", multiple=True, help="A column that no model may see; repeatable."),
        click.option("--conversions", type=PATH, help="Outcomes: lead_id and, if known, at."),
        click.option("--label", help="Column of the leads that says whether they converted."),
        click.option("--label-date", help="Column of the leads that says when."),
        click.option("--assume-utc", is_flag=True, help="Times without a zone are UTC."),
        click.option("--as-of", type=Instant(), help="The present of the files. Default: behind their newest time."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.group()
def cli() -> None:
    """Train, score and explain leads from Parquet or CSV files."""


@cli.command()
@_sources
@click.option("--goal", default="Converted", show_default=True, help="What success is called.")
@click.option("--horizon", type=int, default=90, show_default=True, help="Days in which a conversion counts.")
@click.option("--capacity", type=int, default=100, show_default=True, help="Leads that sales can work on a week.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--out", type=PATH, default=Path("model.bundle"), show_default=True, help="Where the model goes.")
@click.option("--report", type=PATH, default=Path("report.json"), show_default=True, help="Where its figures go.")
def train(
    goal: str, horizon: int, capacity: int, seed: int, out: Path, report: Path, as_of: datetime | None, **where: Any
) -> None:
    """Learn from LEADS (and EVENTS) and write a model with the figures of its trial on newer leads."""
    found = load(Sources(**where))
    now = as_of or found.newest
    wanted = Goal(goal, found.timing, horizon_days=horizon, maturity_days=horizon, capacity=capacity)
    made = train_model(
        found.history, wanted, as_of=now, seed=seed, tenant=TENANT, version=version_for(now, existing=())
    )
    out.write_bytes(dumps(made.bundle))
    report.write_text(json.dumps(made.report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(_told(made.report))


@cli.command()
@_sources
@click.option("--model", type=PATH, default=Path("model.bundle"), show_default=True, help="What train wrote.")
@click.option("--out", type=PATH, default=Path("scores.parquet"), show_default=True, help=".parquet or .csv.")
def score(model: Path, out: Path, as_of: datetime | None, **where: Any) -> None:
    """Score the open LEADS, best first, with the reasons for and against each."""
    bundle = _opened(model)
    found = load(Sources(**where))
    scores = _readable(score_leads(bundle, found.history, as_of=as_of or found.newest), found)
    if out.suffix == ".csv":
        flat = scores.with_columns(pl.col("reasons").list.join(" · ")).drop("reason_log_odds")
        flat.write_csv(out)
    else:
        scores.write_parquet(out)
    click.echo(f"{scores.height} open leads of {len(found.ids)} scored with {bundle.version}: {out}")


@cli.command()
@click.option("--model", type=PATH, default=Path("model.bundle"), show_default=True, help="What train wrote.")
def show(model: Path) -> None:
    """Say what a model is: version, goal, kind, features."""
    bundle = _opened(model)
    told = {
        "version": bundle.version,
        "kind": bundle.model.kind,
        "goal": {**asdict(bundle.goal), "timing": str(bundle.goal.timing)},
        "features": list(bundle.spec.columns),
    }
    click.echo(json.dumps(told, indent=2, ensure_ascii=False))


def _opened(model: Path) -> Bundle:
    try:
        return loads(model.read_bytes(), tenant=TENANT)
    except OSError as error:
        raise click.ClickException(f"{model} can't be opened: train a model first.") from error


def _readable(scores: pl.DataFrame, found: Loaded) -> pl.DataFrame:
    """Return the columns that people read, under the leads' own ids."""
    sentences = pl.col("reasons").list.eval(pl.element().struct.field("sentence"))
    weights = pl.col("reasons").list.eval(pl.element().struct.field("contribution"))
    ranked = scores.sort(["score_tenths", "lead_id"], descending=[True, False])
    return ranked.select(
        lead_id=found.ids.gather(ranked["lead_id"]),
        score=pl.col("score_tenths") / 10,
        probability="probability",
        tier="tier",
        reasons=sentences,
        reason_log_odds=weights,
    )


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
