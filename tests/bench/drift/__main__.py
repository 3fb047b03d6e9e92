"""``python -m tests.bench.drift``: are changes among those who come found in time, and how often is there no wolf?

Tenants are generated with seeds drawn afresh (printed; ``--seed`` repeats a run). *Found*: the share of runs in which
an index of .25 in one of the ten features that matter most, or 20 points more of missing values, raises an alarm within
three days (tenants of 100 a day), or within 300 arrivals (smaller ones). *False*: alarms in years in which there is
nothing but seasons, weekends, slow trends and campaigns; the limit holds the upper end of the Poisson interval of 95 %.
"""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from scipy.stats import binomtest, chi2

from tests.bench.drift.changes import KINDS
from tests.bench.drift.trials import FOUND_ARRIVALS, FOUND_DAYS, Outcome, detection, false_alarms
from tests.bench.rows import Row, progress, told, written

CASE = "drift"
LARGE, SMALL = 100.0, (10.0, 30.0)
FOUND, FALSE_A_YEAR = 0.95, 1.0


def main() -> int:
    """Run all trials. A quick run is too small to hold anything to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="of a former run")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--runs", type=int, help="changes of tenants of 100 a day; of smaller ones half as many")
    parser.add_argument("--years", type=int, help="years without a change; of small tenants a quarter as many")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(2**31)
    runs, years = chosen.runs or (10 if chosen.quick else 400), chosen.years or (2 if chosen.quick else 200)
    sys.stdout.write(f"seed {seed}\n")
    rows = []
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as workers:
        for a_day in (LARGE, *SMALL):
            count = runs if a_day == LARGE else runs // 2
            kinds = [KINDS[place % len(KINDS)] for place in range(count)]
            seeds = range(seed, seed + count)
            outcomes = list(workers.map(detection, seeds, [a_day] * count, kinds))
            rows += found_rows(a_day, outcomes)
            progress(told(rows[-1:]))
        for a_day in (LARGE, SMALL[0]):
            count = years if a_day == LARGE else max(years // 4, 1)
            seeds = range(seed + 1_000_000, seed + 1_000_000 + count)
            alarms = list(workers.map(false_alarms, seeds, [a_day] * count))
            rows.append(false_row(a_day, sum(map(len, alarms)), count))
            progress(told(rows[-1:]))
    sys.stdout.write(told(rows))
    if chosen.report:
        written(chosen.report, rows, {"seed": seed, "quick": chosen.quick, "runs": runs, "years": years})
    return 0 if chosen.quick or all(row.held for row in rows) else 1


def found_rows(a_day: float, outcomes: Sequence[Outcome]) -> list[Row]:
    """A line for all changes of these tenants, after one a kind of change."""
    within = f"{FOUND_DAYS} days" if a_day >= LARGE else f"{FOUND_ARRIVALS} arrivals"
    in_time = [(one.kind, _in_time(a_day, one)) for one in outcomes]
    totals, hits = Counter(kind for kind, _ in in_time), Counter(kind for kind, hit in in_time if hit)
    rows = [_found(f"  {kind}, {a_day:g} a day", hits[kind], totals[kind], None) for kind in sorted(totals)]
    return [*rows, _found(f"found within {within}, {a_day:g} a day", hits.total(), totals.total(), FOUND)]


def _in_time(a_day: float, one: Outcome) -> bool:
    if a_day >= LARGE:
        return one.days is not None and one.days <= FOUND_DAYS
    return one.arrivals is not None and one.arrivals <= FOUND_ARRIVALS


def _found(name: str, hits: int, count: int, required: float | None) -> Row:
    low, high = binomtest(hits, count).proportion_ci(method="wilson")
    return Row(CASE, f"{name}: {hits} of {count}", "share", hits / count, 1.0, required, count, float(high - low) / 2)


def false_row(a_day: float, alarms: int, years: int) -> Row:
    """The upper end of the interval (Garwood 1936) of alarms a year."""
    upper = float(chi2.ppf(0.975, 2 * alarms + 2)) / 2 / years
    name = f"false alarms a year, upper end, {a_day:g} a day: {alarms} in {years}"
    return Row(CASE, name, "alarms", upper, FALSE_A_YEAR, 1.0, years, upper - alarms / years, less_is_better=True)


if __name__ == "__main__":
    sys.exit(main())
