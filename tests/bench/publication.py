"""How often the rule publishes challengers whose true difference in AUC is known.

``python -m tests.bench.publication``: pairs of models are drawn over windows of made-up leads and handed to the very
comparison and rule that a training ends in. Scores are normal, of unit variance within either class, their means apart
by what makes the wanted AUC exactly (the binormal model); leads come in companies of one to four who share a part of
what the models see, and both models' scores go together as those of two versions of a model do. The seed is drawn
afresh and printed; ``--seed`` repeats a run.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import secrets
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from scipy.stats import binomtest, norm

from scoring.champions.comparison import compared, levelled
from scoring.champions.contest import Contest
from scoring.champions.rule import Standing, decide
from scoring.metrics import Floats
from tests.bench.rows import Row, progress, told, written

CASE = "publication"
AUC = 0.75
OF_COMPANY = 0.3
"""The share of a score's spread that colleagues have in common."""
SINCE = 500_000_009
"""Added to a pair's seed: the leads of which more became known since are others than those of the window."""
TOGETHER = 0.90
"""The correlation of both models' scores among leads of one outcome."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Pairs to be drawn: the true difference, the window's size, how alike the models are, and what is asked.

    ``moved``: by so much log-odds the champion's chances are too high on what became known since it was trained, where
    the challenger's are true. ``most``: so many of the pairs may be published; ``least``: this share must be. Neither:
    told alone.
    """

    difference: float
    leads: int
    conversions: int
    together: float = TOGETHER
    moved: float = 0.0
    most: int | None = None
    least: float | None = None

    @property
    def named(self) -> str:
        """What the line is called."""
        window = f"{self.leads:,} leads, {self.conversions:,} conversions"
        moved = f", level moved by {self.moved:.1f}" if self.moved else ""
        return f"{self.difference:+.3f} AUC, {window}, r {self.together:.2f}{moved}"


REQUIRED = (
    Plan(-0.01, 2_000, 300, most=5),
    Plan(-0.03, 2_000, 300, most=0),
    Plan(-0.01, 2_000, 300, moved=0.7, most=5),
    Plan(-0.03, 2_000, 300, moved=0.7, most=0),
    Plan(0.03, 2_000, 300, least=0.60),
)
"""What is asked of 500 pairs each."""
TOLD = (
    Plan(0.0, 2_000, 300),
    Plan(0.0, 2_000, 300, together=0.98),
    Plan(-0.01, 2_000, 300, together=0.75),
    Plan(0.03, 2_000, 300, together=0.75),
    Plan(-0.01, 500, 30),
    Plan(0.03, 500, 30),
    Plan(-0.01, 200, 10),
    Plan(-0.01, 200, 10, together=0.99),
    Plan(-0.01, 10_000, 1_500),
    Plan(0.0, 10_000, 1_500),
)
"""What happens in smaller and larger windows, and where the models are less alike."""


def drawn(plan: Plan, seed: int) -> tuple[pl.DataFrame, Floats, Floats]:
    """A window's rows, and what champion and challenger say of them."""
    rng = np.random.default_rng(seed)
    company = np.repeat(np.arange(plan.leads), rng.integers(1, 5, plan.leads))[: plan.leads]
    label = np.zeros(plan.leads)
    label[rng.choice(plan.leads, plan.conversions, replace=False)] = 1.0
    shared, own = (_pair(rng, plan.together, plan.leads) for _ in range(2))
    noise = [
        math.sqrt(OF_COMPANY) * ours[company] + math.sqrt(1 - OF_COMPANY) * theirs
        for ours, theirs in zip(shared, own, strict=True)
    ]
    apart = [math.sqrt(2) * float(norm.ppf(auc)) for auc in (AUC, AUC + plan.difference)]
    # The log-odds that such scores stand for, so that both models' chances are true.
    rate = math.log(plan.conversions / (plan.leads - plan.conversions))
    champion, challenger = (
        mean * (error + mean * label) - mean**2 / 2 + rate for error, mean in zip(noise, apart, strict=True)
    )
    rows = pl.DataFrame(
        {
            "lead_id": np.arange(plan.leads),
            "company_key": [f"c{number}" for number in company],
            "label": label.astype(np.int8),
            "weight": np.ones(plan.leads),
        }
    )
    return rows, champion, challenger


def _pair(rng: np.random.Generator, together: float, count: int) -> tuple[Floats, Floats]:
    first, second = rng.normal(size=(2, count))
    return first, together * first + math.sqrt(1 - together**2) * second


def clause(plan: Plan, seed: int) -> str:
    """What the rule says of one pair, a week after the champion's training."""
    rows, champion, challenger = drawn(plan, seed)
    found = Contest("champion", 7.0, comparison=levelled(rows, champion, challenger, seed))
    if plan.moved:
        rows, champion, challenger = drawn(plan, seed + SINCE)
        found = replace(found, since=compared(rows, champion + plan.moved, challenger, seed))
    decision = decide(found, Standing())
    return f"{decision.outcome}: {decision.clause}"


def _clause(asked: tuple[Plan, int]) -> str:
    return clause(*asked)


def row(plan: Plan, said: Sequence[str]) -> Row:
    """How many were published; ``achieved`` and ``limit`` are shares of the pairs."""
    count = len(said)
    published = sum(one.startswith("published") for one in said)
    low, high = binomtest(published, count).proportion_ci(method="wilson")
    spread = float(high - low) / 2
    name = f"{plan.named}: {published} of {count}"
    share = published / count
    if plan.most is not None:
        # Kept out of what is asked, so that none of 500 is a figure that can be reached.
        return Row(CASE, f"kept out, {name}", "share", 1 - share, 1.0, 1 - plan.most / 500, count, spread)
    required = None if plan.least is None else 1.0
    return Row(CASE, f"published, {name}", "share", share, plan.least or 1.0, required, count, spread)


def run(plans: Sequence[Plan], pairs: int, seed: int, workers: int) -> Iterator[tuple[Plan, list[str]]]:
    """Draw and judge ``pairs`` of each plan."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        for place, plan in enumerate(plans):
            asked = [(plan, seed + place * 1_000_003 + number) for number in range(pairs)]
            said = list(pool.map(_clause, asked, chunksize=5))
            progress(f"{plan.named}: {_counted(said)}")
            yield plan, said


def _counted(said: Sequence[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in Counter(said).most_common())


def main() -> int:
    """Run the pairs. A quick run is too small to hold anything to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, help="of a former run")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else secrets.randbelow(2**31)
    sys.stdout.write(f"seed {seed}\n")
    done = list(run(REQUIRED, 40 if chosen.quick else 500, seed, 2))
    if not chosen.quick:
        done += run(TOLD, 100, seed + 7, 2)
    rows = [row(plan, said) for plan, said in done]
    sys.stdout.write(told(rows))
    for plan, said in done:
        sys.stdout.write(f"{plan.named}: {_counted(said)}\n")
    if chosen.report:
        written(chosen.report, rows, {"seed": seed, "quick": chosen.quick})
    return 0 if chosen.quick or all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
