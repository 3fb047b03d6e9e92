"""``card``: a model card with its figures, from a training's report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from scoring import cards
from scoring.errors import FileError
from scoring.figures import as_file
from scoring.standalone.options import PATH

PICTURES = "figures"


@click.command()
@click.argument("report", type=PATH)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), default=Path("model-card"), show_default=True)
def card(report: Path, out: Path) -> None:
    """Write card.md, card.html and figures/ (SVG, and the numbers behind each as JSON) of a REPORT of train."""
    made = laid_out(_read(report), out)
    click.echo(f"{made.title}: {out / 'card.html'}, {out / 'card.md'} and {len(made.pictures())} figures.")


def laid_out(report: Mapping[str, Any], folder: Path) -> cards.Card:
    """Write the card of ``report`` into ``folder`` and return it."""
    made = cards.card(report)
    pictures = folder / PICTURES
    pictures.mkdir(parents=True, exist_ok=True)
    (folder / "card.md").write_text(cards.markdown(made, pictures=PICTURES), encoding="utf-8")
    (folder / "card.html").write_text(cards.page(made), encoding="utf-8")
    for figure in made.pictures():
        (pictures / f"{figure.name}.svg").write_text(as_file(figure.svg), encoding="utf-8")
        numbers = json.dumps(figure.data, indent=1, ensure_ascii=False) + "\n"
        (pictures / f"{figure.name}.json").write_text(numbers, encoding="utf-8")
    return made


def _read(path: Path) -> dict[str, Any]:
    """Return a report; raise ``FileError`` for what is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: it can't be opened ({error.strerror}).") from error
    except ValueError as error:
        raise FileError(f"{path.name}: it is no JSON: {error}") from error
    if not isinstance(found, dict) or "verdict" not in found or "version" not in found:
        raise FileError(f"{path.name}: it is no report of a training; give the file that `train --report` wrote.")
    return found
