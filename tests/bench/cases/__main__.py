"""Systems of the playbook, each with its table and picture: ``python -m tests.bench.cases --out FOLDER``.

models: a benchmark table of logistic regression, boosted trees and a feed-forward net. order: tenants where only the
order of steps decides. clicks: clickstream embeddings with boosting on 200,000 contacts. lift: a recurrent network over
the same clickstreams, with the lift of the best 30 %. audit: a logistic baseline beside boosted ranking, a picture for
each top lead, and a pack whose scores are replayed. Seeds are drawn afresh and printed (``--draw`` repeats a draw).
Writes cases.json and the pictures. Ends with 1 where something required is not held.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from pathlib import Path

import numpy as np

from tests.bench.cases import audit, clicks, models, orders
from tests.bench.rows import Row, told, written


def rows(chosen: argparse.Namespace, seeds: list[int]) -> list[Row]:
    """Every case that is asked for."""
    found: list[Row] = []
    only, quick = chosen.only, chosen.quick
    if models.CASE.startswith(only):
        found += models.run(chosen.out, chosen.data, seeds[0], quick=quick)
    if orders.CASE.startswith(only):
        found += orders.run(chosen.out, seeds, quick=quick)
    if clicks.EMBEDDED.startswith(only) or clicks.NETWORK.startswith(only):
        found += clicks.run(chosen.out, seeds[0], only, quick=quick)
    if audit.CASE.startswith(only):
        found += audit.run(chosen.out, seeds[0], quick=quick)
    return found


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with the published data sets")
    parser.add_argument("--out", type=Path, default=Path(".data/cases"))
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--draw", type=int, help="repeat the generated tenants of a former run")
    parser.add_argument("--only", default="", help="models, order, clicks, lift or audit")
    parser.add_argument("--report", type=Path, help="write the figures here too")
    chosen = parser.parse_args()
    draw = secrets.randbits(32) if chosen.draw is None else chosen.draw
    seeds = [int(seed) for seed in np.random.default_rng(draw).integers(0, 2**31, 3)]
    sys.stdout.write(f"draw {draw}: seeds {seeds}\n")
    chosen.out.mkdir(parents=True, exist_ok=True)
    found = rows(chosen, seeds)
    sys.stdout.write(told(found))
    settings: dict[str, object] = {"draw": draw, "quick": chosen.quick, "data": chosen.data is not None}
    for path in [chosen.out / "cases.json", *([chosen.report] if chosen.report else [])]:
        written(path, found, settings)
    return 0 if all(row.held for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
