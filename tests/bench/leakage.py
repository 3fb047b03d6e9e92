"""How often the leakage guard finds planted leaks, and how often it wrongs honest fields.

``python -m tests.bench.leakage``: tenants are generated with seeds drawn afresh (printed; ``--seed`` repeats a run).
Each line is a count with its Wilson interval of 95 %. With ``--data DIR`` the guard also judges the published data
sets found there (see ``tests.bench.published``), and the model is trained with and without what it holds back.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import secrets
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from scoring.dataset import snapshots, until
from scoring.guard import Case, judge
from scoring.proof import proven
from scoring.schema import Timing
from scoring.splits import time_split
from scoring.timeline import Timeline
from tests.bench import published
from tests.bench.rows import Row, told, written
from tests.unit.scoring.tenants import DATED_LEAKS, UNDATED_LEAKS, Tenant, tenant

CASE = "leakage"
SHARES = (0.2, 0.5, 1.0)
REQUIRED = {"proven": 0.95, "field": 0.02, "tenant": 0.10}


@dataclass(frozen=True, slots=True)
class Trial:
    """One tenant to generate: its seed, timing, planted leak (None: none) and contamination."""

    seed: int
    timing: Timing
    kind: str | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the guard said: leaks found of those planted; honest fields, ordinary and strong, held back of all."""

    found: int
    planted: int
    wrong: tuple[str, ...]
    wrong_strong: int
    honest: int
    strong: int


def run(trial: Trial) -> Outcome | None:
    """Generate and judge one tenant; None where it has too few conversions to be judged."""
    made = tenant(trial.seed, trial.timing, [trial.kind] if trial.kind else [], trial.share)
    if trial.kind in DATED_LEAKS:
        found = {one.field for one in proven(Timeline(made.history), made.history, made.as_of)}
        return Outcome(len(found & set(made.leaks)), len(made.leaks), (), 0, 0, 0)
    verdicts = _verdicts(made)
    if verdicts is None:
        return None
    wrong = tuple(name for name in made.honest if verdicts[name] != "clear")
    found_leaks = sum(verdicts[name] != "clear" for name in made.leaks)
    strong = len(set(wrong) & set(made.strong))
    return Outcome(found_leaks, len(made.leaks), wrong, strong, len(made.honest), len(made.strong))


def _verdicts(made: Tenant) -> dict[str, str] | None:
    rows = snapshots(made.history, made.goal, as_of=made.as_of, seed=0)
    split = time_split(rows, made.goal)
    if split is None:
        return None
    past = until(made.history, made.as_of)
    case = Case(Timeline(made.history), past, rows, split, made.goal, made.as_of)
    return {one.field: one.verdict.value for one in judge(case).verdicts}


def trials(seed: int, honest: int, cell: int) -> Iterator[Trial]:
    """``honest`` tenants of each timing without a leak, and ``cell`` of each kind of leak and contamination."""
    for timing in Timing:
        for _ in range(honest):
            yield Trial(seed := seed + 1, timing)
    for share in SHARES:
        for kind in (*DATED_LEAKS, *UNDATED_LEAKS):
            dated_only = kind in DATED_LEAKS or kind == "copy"
            for timing in (Timing.DATED,) if dated_only else Timing:
                for _ in range(cell * (4 if kind in DATED_LEAKS else 1)):
                    yield Trial(seed := seed + 1, timing, kind, share)


def row(name: str, hits: int, count: int, required: float | None = None) -> Row:
    """A share with half of its Wilson interval of 95 %."""
    low, high = binomtest(hits, count).proportion_ci(method="wilson") if count else (0.0, 1.0)
    share, spread = hits / count if count else 0.0, float(high - low) / 2
    return Row(CASE, f"{name}: {hits} of {count}", "share", share, 1.0, required, count, spread)


def table(done: Sequence[tuple[Trial, Outcome | None]]) -> list[Row]:
    """Counts over all trials."""
    judged = [(trial, outcome) for trial, outcome in done if outcome is not None]
    clean = [(trial, outcome) for trial, outcome in judged if trial.kind is None]
    rows = []
    for group, named in (
        (clean, "no leak"),
        ([one for one in judged if one[0].kind in UNDATED_LEAKS], "beside a leak"),
    ):
        outcomes = [outcome for _, outcome in group]
        wrong, honest = sum(len(one.wrong) for one in outcomes), sum(one.honest for one in outcomes)
        strong, all_strong = sum(one.wrong_strong for one in outcomes), sum(one.strong for one in outcomes)
        spoiled = sum(bool(one.wrong) for one in outcomes)
        rows.append(row(f"honest fields left in, {named}", honest - wrong, honest, 1 - REQUIRED["field"]))
        rows.append(row(f"  of them AUC .75-.85, {named}", all_strong - strong, all_strong, 1 - REQUIRED["field"]))
        rows.append(row(f"tenants with all left in, {named}", len(group) - spoiled, len(group), 1 - REQUIRED["tenant"]))
    cells: dict[tuple[str, str, float], list[Outcome]] = defaultdict(list)
    for trial, outcome in judged:
        if trial.kind is not None:
            cells[trial.timing.value, trial.kind, trial.share].append(outcome)
    for (timing, kind, share), outcomes in sorted(
        cells.items(), key=lambda cell: (cell[0][1] in UNDATED_LEAKS, cell[0])
    ):
        dated = kind in DATED_LEAKS
        name = f"{'proven' if dated else 'held back'}: {kind}, {share:.0%}, {timing}"
        found, planted = sum(one.found for one in outcomes), sum(one.planted for one in outcomes)
        rows.append(row(name, found, planted, REQUIRED["proven"] if dated else None))
    return rows


def main() -> int:
    """Run the trial and, where asked, the published data. A quick run is too small to hold anything to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="of a former run")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--data", type=Path, help="a folder with published data sets")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(2**31)
    sys.stdout.write(f"seed {seed}\n")
    planned = list(trials(seed, *((5, 1) if chosen.quick else (100, 10))))
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as workers:
        outcomes = list(workers.map(run, planned, chunksize=4))
    rows = table(list(zip(planned, outcomes, strict=True)))
    sys.stdout.write(told(rows))
    for trial, outcome in zip(planned, outcomes, strict=True):
        if outcome is not None and outcome.wrong:
            sys.stdout.write(f"wrongly held back: {', '.join(outcome.wrong)} of {trial}\n")
    real = published.judged(chosen.data) if chosen.data else []
    for line in real:
        sys.stdout.write(f"{json.dumps(line, ensure_ascii=False)}\n")
    if chosen.report:
        written(chosen.report, rows, {"seed": seed, "quick": chosen.quick, "published": real})
    return 0 if chosen.quick or all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
