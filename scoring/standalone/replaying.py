"""``replay``: were these scores made by this model from these inputs?"""

from __future__ import annotations

from pathlib import Path

import click
import polars as pl

from scoring.errors import FileError
from scoring.predict import INPUTS, Recorded
from scoring.replay import RECORD, differences
from scoring.replay import record as record_of
from scoring.replay import replay as recomputed
from scoring.standalone.options import PATH, TENANT, model, read_model
from scoring.standalone.reading import table

_SHOWN = 10


def recorded(made: Recorded, ids: pl.Series) -> pl.DataFrame:
    """Return each score with its inputs, one row a lead under its own id: what ``replay`` reads back."""
    whole = record_of(made.scores).hstack(made.inputs.drop("lead_id"))
    return whole.with_columns(lead_id=ids.gather(whole["lead_id"]))


@click.command()
@click.argument("record", type=PATH)
@model
def replay(record: Path, model: Path) -> None:
    """Recompute every score of RECORD (what `score --record` wrote) and compare bit for bit."""
    found = table(record)
    ids = found.ids()
    for name in (*RECORD.names(), *INPUTS.names()):
        found.require(name, "it is not what `score --record` wrote")
    rows = found.rows.with_columns(lead_id=pl.int_range(len(ids), dtype=pl.Int64))
    mistyped = [name for name, kind in RECORD.items() if rows.schema[name] != kind]
    if mistyped:
        raise FileError(
            f"{found.name}: it is not what `score --record` wrote: {', '.join(mistyped)} is of another type."
        )
    wrong = differences(rows, recomputed(read_model(model), rows, tenant=TENANT))
    for item in wrong[:_SHOWN]:
        click.echo(f"{ids[item.lead_id]}: {item.what} was {item.recorded}, is {item.recomputed}")
    if wrong:
        leads = len({item.lead_id for item in wrong})
        raise click.ClickException(f"{leads} of {rows.height} scores can't be recomputed from this model and record.")
    click.echo(f"{rows.height} scores recomputed, all equal to the last bit")
