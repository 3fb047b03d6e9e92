"""What the commands share: options that say where things lie, and the model's file."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from scoring.bundle import Bundle, loads
from scoring.schema import HighIntent

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


class Band(click.ParamType[dict[str, Any]]):
    """What sets the High-Intent band, as the settings of a goal: share=0.1, capacity or probability=0.3."""

    name = "share=0.1|capacity|probability=0.3"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> dict[str, Any]:
        """Return the goal's settings; fail in words where it is none of the three, or no share or chance."""
        if isinstance(value, dict):
            return value
        name, _, number = str(value).partition("=")
        if value == HighIntent.CAPACITY:
            return {"high_intent": HighIntent.CAPACITY}
        if name not in (HighIntent.SHARE, HighIntent.PROBABILITY):
            self.fail(f"'{value}' is none of share=0.1, capacity, probability=0.3.", param, ctx)
        try:
            part = float(number)
        except ValueError:
            part = 0.0
        if not 0.0 < part < 1.0:
            self.fail(f"'{value}' has no part between 0 and 1; write {name}=0.1.", param, ctx)
        return {"high_intent": HighIntent(name), f"high_intent_{name}": part}


def sources(command: Any) -> Any:
    """Add the arguments and options that say where the history lies."""
    options = (
        click.argument("leads", type=PATH),
        click.argument("events", type=PATH, required=False),
        click.option("--values", type=PATH, help="History of fields: lead_id, field, value, known_at."),
        click.option("--intake", multiple=True, help="A field that is fixed at creation; repeatable."),
        click.option("--ignore", "ignored", multiple=True, help="A column that no model may see; repeatable."),
        click.option("--fields", type=PATH, help="What is known of fields (.toml or .json; see `schema`)."),
        click.option("--conversions", type=PATH, help="Outcomes: lead_id and, if known, at."),
        click.option("--label", help="Column of the leads that says whether they converted."),
        click.option("--label-date", help="Column of the leads that says when."),
        click.option("--assume-utc", is_flag=True, help="Times without a zone are UTC."),
        click.option("--as-of", type=Instant(), help="The present of the files. Default: behind their newest time."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def model(command: Any) -> Any:
    """Add the option that names the model's file."""
    told = "What train wrote."
    return click.option("--model", type=PATH, default=Path("model.bundle"), show_default=True, help=told)(command)


def read_model(path: Path) -> bytes:
    """Return the bytes of a model's file; fail in words where there is none."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise click.ClickException(f"{path} can't be opened: train a model first.") from error


def opened(path: Path) -> Bundle:
    """Return the model of a file."""
    return loads(read_model(path), tenant=TENANT)
