"""How good the models are, beside five tuned peers: ``python -m tests.bench.quality --data FOLDER --out FOLDER``.

Every data set of the folder that is there, and generated tenants with known truth whose seeds are drawn
afresh and printed (``--draw`` repeats a draw). All methods get the identical rows, vectors and time split;
peers are tuned on the validation rows for ``--seconds`` each; the test windows are looked at once. Writes
quality.md, quality.json and quality.svg. Ends with 1 where a line is not held.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import secrets
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.quality.compare import generated, real
from tests.bench.quality.files import cases
from tests.bench.quality.picture import svg
from tests.bench.quality.table import checks, markdown
from tests.bench.quality.tenants import additive, interaction, sequence

TENANTS = ((additive, 100), (additive, 1_000), (interaction, 100), (interaction, 1_000), (sequence, 1_000))


def rows(chosen: argparse.Namespace, drawn: list[int]) -> Iterator[dict[str, Any]]:
    """Each case as it is done."""
    if chosen.data:
        for case in cases(chosen.data):
            if chosen.only in case.name:
                yield real(case, range(chosen.seeds), chosen.seconds)
    for make, conversions in TENANTS:
        if chosen.only in f"generated {make.__name__}":
            yield generated(make, conversions, drawn, chosen.seconds)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the data sets")
    parser.add_argument("--out", type=Path, default=Path(".data/quality"))
    parser.add_argument("--seconds", type=float, default=20.0, help="time to tune each peer")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draw", type=int, help="repeat the generated tenants of a former run")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    chosen = parser.parse_args()
    draw = secrets.randbits(32) if chosen.draw is None else chosen.draw
    drawn = [int(seed) for seed in np.random.default_rng(draw).integers(0, 2**31, chosen.seeds)]
    settings = {
        "seconds a peer": chosen.seconds,
        "seeds": chosen.seeds,
        "draw of the generated tenants": draw,
        "machine": f"{platform.machine()} with {os.cpu_count()} cores",
    }
    sys.stdout.write(f"draw {draw}: tenants {drawn}\n")
    found = []
    for row in rows(chosen, drawn):
        found.append(row)
        chosen.out.mkdir(parents=True, exist_ok=True)
        (chosen.out / "quality.md").write_text(markdown(found, settings))
        (chosen.out / "quality.json").write_text(json.dumps({"settings": settings, "rows": found}, indent=1))
        (chosen.out / "quality.svg").write_text(svg(found))
    sys.stdout.write(markdown(found, settings) + "\n")
    return 0 if all(held for row in found for _, held in checks(row)) else 1


if __name__ == "__main__":
    sys.exit(main())
