"""How good the models are, beside five tuned peers: ``python -m tests.bench.quality --data FOLDER --out FOLDER``.

Every data set of the folder that is there, and generated tenants with known truth whose seeds are drawn
afresh and printed (``--draw`` repeats a draw). All methods get the identical rows, vectors and time split;
peers are tuned on the validation rows for ``--seconds`` each; the test windows are looked at once. Writes
quality.md, quality.json (the lines, as every benchmark), found.json (all that was found) and quality.svg. ``--quick``:
one seed, a second a peer, the smallest tenants and, of data, the canary alone. Ends with 1 where a line is not held.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.quality.compare import generated, real
from tests.bench.quality.files import cases
from tests.bench.quality.lines import rows_of
from tests.bench.quality.picture import svg
from tests.bench.quality.table import markdown
from tests.bench.quality.tenants import additive, interaction, sequence
from tests.bench.rows import Row, told, written

TENANTS = ((additive, 100), (additive, 1_000), (interaction, 100), (interaction, 1_000), (sequence, 1_000))

QUICK = ((additive, 100), (interaction, 100))


def rows(chosen: argparse.Namespace, drawn: list[int]) -> Iterator[dict[str, Any]]:
    """Each case as it is done."""
    if chosen.data:
        for case in cases(chosen.data):
            if chosen.only in case.name and (case.canary or not chosen.quick):
                yield real(case, range(chosen.seeds), chosen.seconds)
    for make, conversions in QUICK if chosen.quick else TENANTS:
        if chosen.only in f"generated {make.__name__}":
            yield generated(make, conversions, drawn, chosen.seconds)


def main() -> int:
    """Measure, print, write."""
    chosen = _options()
    draw = secrets.randbits(32) if chosen.draw is None else chosen.draw
    drawn = [int(seed) for seed in np.random.default_rng(draw).integers(0, 2**31, chosen.seeds)]
    settings: dict[str, object] = {
        "seconds a peer": chosen.seconds,
        "seeds": chosen.seeds,
        "draw of the generated tenants": draw,
    }
    sys.stdout.write(f"draw {draw}: tenants {drawn}\n")
    found: list[dict[str, Any]] = []
    lines: list[Row] = []
    chosen.out.mkdir(parents=True, exist_ok=True)
    for row in rows(chosen, drawn):
        found.append(row)
        lines += rows_of(row, chosen.seeds)
        (chosen.out / "quality.md").write_text(markdown(found, lines, settings))
        (chosen.out / "found.json").write_text(json.dumps({"settings": settings, "rows": found}, indent=1))
        (chosen.out / "quality.svg").write_text(svg(found))
        for path in [chosen.out / "quality.json", *([chosen.report] if chosen.report else [])]:
            written(path, lines, settings)
    sys.stdout.write(f"{markdown(found, lines, settings)}\n{told(lines)}")
    return 0 if all(line.held for line in lines) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the data sets")
    parser.add_argument("--out", type=Path, default=Path(".data/quality"))
    parser.add_argument("--seconds", type=float, help="time to tune each peer (20; quick: 1)")
    parser.add_argument("--seeds", type=int, help="how many (5; quick: 1)")
    parser.add_argument("--draw", type=int, help="repeat the generated tenants of a former run")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--report", type=Path, help="write the lines here too")
    chosen = parser.parse_args()
    chosen.seconds = chosen.seconds or (1.0 if chosen.quick else 20.0)
    chosen.seeds = chosen.seeds or (1 if chosen.quick else 5)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
