"""Run seeds by hand: one with its trace, or very many with their progress."""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator

from tests.simulator.world import Outcome, run

EVERY = 200
"""Seeds after which a line tells how far it is."""


def main() -> int:
    """Return 1 where the oracle found anything."""
    options = _options()
    # What the product logs of each fault is no news here.
    logging.disable(logging.CRITICAL)
    if options.seed is not None:
        return _one(options.seed, trace=options.trace)
    return _many(range(options.first, options.first + options.seeds), options.jobs)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulator", description=__doc__)
    parser.add_argument("--seed", type=int, help="run this seed alone")
    parser.add_argument("--trace", action="store_true", help="print what happened in it")
    parser.add_argument("--seeds", type=int, default=10_000, help="how many to run")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=multiprocessing.cpu_count(), help="processes side by side")
    return parser.parse_args()


def _one(seed: int, *, trace: bool) -> int:
    outcome = run(seed)
    print("\n".join(told(outcome) if trace or outcome.broken else [f"seed {seed}: nothing was violated"]))
    return int(bool(outcome.broken))


def _many(seeds: range, jobs: int) -> int:
    begun, failed = time.monotonic(), []
    struck: Counter[str] = Counter()
    for done, outcome in enumerate(_outcomes(seeds, jobs), 1):
        struck += outcome.struck
        if outcome.broken:
            failed.append(outcome.seed)
            print(f"seed {outcome.seed} FAILED: {outcome.broken[0]}\n  {repeat(outcome.seed)}", flush=True)
        if done % EVERY == 0 or done == len(seeds):
            pace = done / (time.monotonic() - begun)
            print(f"{done:,} of {len(seeds):,} seeds, {len(failed)} failed, {pace:.1f} a second", flush=True)
    print("faults: " + ", ".join(f"{count:,} × {kind}" for kind, count in struck.most_common()))
    return int(bool(failed))


def _outcomes(seeds: range, jobs: int) -> Iterator[Outcome]:
    # Fresh processes: a forked one would share this one's database.
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=logging.disable) as pool:
        yield from pool.imap_unordered(run, seeds, chunksize=10)


def told(outcome: Outcome) -> list[str]:
    """Return a seed's trace and verdict as lines."""
    lines = [f"{at:9.2f} s  {who:24s} {text}" for at, who, text in outcome.trace]
    return [*lines, "", *(f"VIOLATED  {sentence}" for sentence in outcome.broken), repeat(outcome.seed)]


def repeat(seed: int) -> str:
    """Return the command that repeats a seed."""
    return f"repeat it with: python -m tests.simulator --seed {seed} --trace"


if __name__ == "__main__":
    sys.exit(main())
