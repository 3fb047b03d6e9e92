"""``what-if``: a lead's score with other values or further events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click
import polars as pl

from scoring.errors import FileError
from scoring.standalone.files import Loaded, Sources, load
from scoring.standalone.options import model as model_option
from scoring.standalone.options import opened, sources
from scoring.whatif import Act, WhatIf
from scoring.whatif import what_if as supposed
from scoring.words import in_percent


@click.command(name="what-if")
@sources
@model_option
@click.option("--lead", required=True, help="The lead's id.")
@click.option("--set", "given", multiple=True, help="FIELD=VALUE, or FIELD= to clear it; repeatable.")
@click.option(
    "--event", "acts", multiple=True, help="KIND[:DETAIL][@DAYS AGO], as in page_view:/pricing@2; repeatable."
)
def what_if(
    model: Path, lead: str, given: tuple[str, ...], acts: tuple[str, ...], as_of: datetime | None, **where: Any
) -> None:
    """Say what the model would make of a lead of LEADS with other values, or had it done more."""
    bundle = opened(model)
    found = load(Sources(**where))
    fields = dict(_field(text) for text in given)
    events = [_act(text) for text in acts]
    number = _number(found, lead)
    answer = supposed(bundle, found.history, number, as_of=as_of or found.newest, fields=fields, events=events)
    for line in told(answer):
        click.echo(line)


def told(answer: WhatIf) -> list[str]:
    """The answer in lines: the scores, what moved, what to doubt."""
    lines = list(answer.changed.sentences())
    if answer.after["low"][0] is not None:
        lines.append(
            f"95 % interval: {in_percent(answer.after['low'][0], 1)} to {in_percent(answer.after['high'][0], 1)}."
        )
    return [*lines, *answer.unused, *answer.outside, answer.caveat]


def _number(found: Loaded, lead: str) -> int:
    places = found.ids.eq(lead).arg_true()
    if not len(places):
        raise FileError(f"There is no lead '{lead}'.")
    return int(places[0])


def _field(text: str) -> tuple[str, str | None]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise FileError(f"--set '{text}': write FIELD=VALUE.")
    return name, value or None


def _act(text: str) -> Act:
    what, at, days = text.rpartition("@")
    if not at:
        what, days = text, "0"
    kind, _, detail = what.partition(":")
    ago = pl.Series([days]).cast(pl.Float64, strict=False)[0]
    if not kind or ago is None:
        raise FileError(f"--event '{text}': write KIND, KIND:DETAIL or KIND:DETAIL@DAYS.")
    return Act(kind, detail or None, ago)
