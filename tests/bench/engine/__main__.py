"""``python -m tests.bench.engine``: fairness among many tenants, recovery, and what idle ones cost.

``--quick`` measures the same with fewer, within a minute. Moments and sizes are drawn by ``--seed``.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.bench.engine import fairness, idle, recovery
from tests.bench.rows import Row, progress, told, written

SEED = 5


def main() -> int:
    """Measure, print, write; return 1 where something is not held."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller, within a minute")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--sweep", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    # An outage is meant to be one.
    logging.getLogger("connector").setLevel(logging.CRITICAL)
    if chosen.sweep:
        sys.stdout.write(json.dumps(asdict(idle.sweep(chosen.sweep))))
        return 0
    parts: dict[str, Callable[[], list[Row]]] = {
        "fairness": lambda: fairness.measure(chosen.quick, chosen.seed),
        "recovery": lambda: recovery.measure(chosen.quick, chosen.seed),
        "idle": lambda: idle.measure(chosen.quick),
    }
    rows: list[Row] = []
    for name, measure in parts.items():
        progress(f"{name} …")
        found = measure()
        sys.stdout.write(told(found))
        sys.stdout.flush()
        rows += found
    if chosen.report:
        written(chosen.report, rows, {"quick": chosen.quick, "seed": chosen.seed})
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
