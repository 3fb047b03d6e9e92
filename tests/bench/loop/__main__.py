"""``python -m tests.bench.loop``: more than two years of a tenant, with all that is done to keep its scores right.

A population is generated whose true chances are known (seed drawn afresh and printed; ``--seed`` repeats a run). It
lives twice, with the same people and the same luck: once everybody who is in the High-Intent band is shown, and worked
harder; once three companies in ten are held out. Each night arrivals are watched, each week chances that came true;
every two weeks a model is trained, meets the one that scores, and takes over as the rule says. After a calm part there
come a product for another kind of customer, new prices, and weeks in which no page view arrives. Beside it two tenants
are watched for two years in which nothing happens: colleagues come together in one, in the other nobody has any. And a
tenant of a hundred a day lives through the same changes in little more than a year, for the sake of recovery alone.

Left out: CRMs and what they cost in time; scores after the first one of each lead (whoever is shown is shown from its
first hour on); a person who declines what the rule asks about (agrees at once), or publishes what it refuses; trainings
that an alarm brings forward; a trial on a share of the companies; free texts, and fields that change after creation.
One life is one draw: how often changes are found is counted by ``tests.bench.drift``, how often intervals hold the
truth by ``tests.bench.experiments``.
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from tests.bench.loop.calm import calm
from tests.bench.loop.findings import calm_row, recovered, rows, said
from tests.bench.loop.life import HELD_OUT, Life, lived
from tests.bench.loop.plan import FULL, LARGE, QUICK
from tests.bench.rows import told, written

TOGETHER = {"colleagues together": FULL.new_company, "nobody of one company": 1.0}
"""Tenants without changes, and how often the next one who comes is of another company."""


def main() -> int:
    """Live both lives. A quick run is too small to hold anything to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="of a former run")
    parser.add_argument("--quick", action="store_true", help="within two minutes")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(2**31)
    sys.stdout.write(f"seed {seed}\n")
    plan = QUICK if chosen.quick else FULL
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as workers:
        alone, held = workers.map(lived, [seed] * 2, [plan] * 2, [0.0, HELD_OUT])
        large = [] if chosen.quick else [workers.submit(lived, seed, LARGE, 0.0)]
        quiet = list(workers.map(calm, [seed] * 2, [plan] * 2, TOGETHER.values()))
    cries = [calm_row(name, one.total(), plan.calm_days) for name, one in zip(TOGETHER, quiet, strict=True)]
    found = [*cries, *rows(alone, held)]
    for life in large:
        found += recovered(life.result(), f"{LARGE.a_day:g} a day, ")
    sys.stdout.write(told(found))
    for name, life in (("without a holdout", alone), ("with a holdout", held)):
        sys.stdout.write(f"{name}: {said(life)}. Alarms: {_alarms(life)}. {life.feedback}\n")
    if chosen.report:
        written(chosen.report, found, {"seed": seed, "quick": chosen.quick})
    return 0 if chosen.quick or all(row.held for row in found) else 1


def _alarms(life: Life) -> str:
    return ", ".join(f"day {day} {name}" for day, name in life.alarms) or "none"


if __name__ == "__main__":
    sys.exit(main())
