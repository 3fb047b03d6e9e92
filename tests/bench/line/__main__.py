"""``python -m tests.bench.line [hubspot …]``: how each CRM is read and written, beside what its limits allow.

Rates and counts are measured on a virtual clock, in one process with a sandbox CRM that is 100 ms away, and so are
bursts of changed leads, at 150 ms; the memory of reading on the machine's own, in a process that does nothing else.
``--quick`` measures the same, smaller.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.bench.line import burst
from tests.bench.line.measure import VENDORS, Row, measure
from tests.bench.line.memory import peak
from tests.bench.line.setting import Plan
from tests.bench.rows import reported

LATENCY = 0.1
CONTACTS, QUICK_CONTACTS = 20_000, 1_000
HELD, QUICK_HELD = 100_000, 1_000
CHANGING, QUICK_CHANGING = 80_000, 1_000
BURSTS, QUICK_BURSTS = (100, 1_000, 5_000, 50_000), (100,)
BURST_LATENCY = 0.15
AT_ONCE = 2


def main() -> int:
    """Measure what the command line names; return 1 where a figure of a full measurement falls short.

    In a quick one the questions at the beginning weigh too much for that.
    """
    parser = argparse.ArgumentParser(prog="python -m tests.bench.line", description=__doc__)
    parser.add_argument("vendor", nargs="*", default=VENDORS)
    parser.add_argument("--contacts", type=int, help="people in each CRM")
    parser.add_argument("--held", type=int, help="people in each CRM whose reading's memory is measured; 0: none")
    parser.add_argument("--changing", type=int, help="people in HubSpot of whom many change at one time; 0: none")
    parser.add_argument("--quick", action="store_true", help="within a minute")
    parser.add_argument("--report", type=Path, help="write the figures as JSON")
    parser.add_argument("--part", choices=["line", "memory", "burst"], help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    contacts = chosen.contacts or (QUICK_CONTACTS if chosen.quick else CONTACTS)
    held = chosen.held if chosen.held is not None else (QUICK_HELD if chosen.quick else HELD)
    changing = chosen.changing if chosen.changing is not None else (QUICK_CHANGING if chosen.quick else CHANGING)
    parts: dict[str, Callable[[str], list[Row]]] = {
        "line": lambda vendor: measure(Plan(vendor, contacts, LATENCY)),
        "memory": lambda vendor: [peak(Plan(vendor, held, 0.0))],
        "burst": lambda _: burst.measure(changing, QUICK_BURSTS if chosen.quick else BURSTS, BURST_LATENCY),
    }
    if chosen.part:
        (vendor,) = chosen.vendor
        sys.stdout.write(json.dumps(parts[chosen.part](vendor)))
        return 0
    rows = together(chosen.vendor, contacts, held, changing, quick=chosen.quick)
    if chosen.report:
        reported(chosen.report, rows, {"contacts": contacts, "quick": chosen.quick})
    return int(not chosen.quick and any(row["ratio"] < row["required"] for row in rows))


def together(vendors: Sequence[str], contacts: int, held: int, changing: int, *, quick: bool) -> list[Row]:
    """Measure CRMs, each part in a process of its own and two at one time, and print their rows.

    Neither a virtual clock nor a process's memory depends on what else the machine does.
    """
    rows: list[Row] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        parts: list[tuple[str, ...]] = [("line", vendor, "--contacts", str(contacts)) for vendor in vendors]
        parts += [("memory", vendor, "--held", str(held)) for vendor in vendors if held]
        if changing and "hubspot" in vendors:
            parts.append(("burst", "hubspot", "--changing", str(changing), *(["--quick"] if quick else [])))
        for found in pool.map(lambda part: _apart(*part), parts):
            show(found)
            rows += found
    return rows


def _apart(part: str, vendor: str, *options: str) -> list[Row]:
    command = [sys.executable, "-m", "tests.bench.line", vendor, "--part", part, *options]
    found: list[Row] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def show(rows: Sequence[Row]) -> None:
    """Print a table."""
    for one in rows:
        figures = f"{one['achieved']:>11,.3f} of {one['limit']:>11,.3f} {one['unit']:<11} {one['ratio']:7.3f}"
        short = "" if one["ratio"] >= one["required"] else "  falls short"
        sys.stdout.write(f"{one['name']:<58} {figures}  asked: {one['required']:.3f}{short}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
