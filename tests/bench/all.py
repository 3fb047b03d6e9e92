"""All benchmarks one after another, and docs/benchmarks.md from what they wrote: ``python -m tests.bench.all``.

A benchmark is a module that takes ``--report FILE`` and ``--quick`` and writes lines as ``tests.bench.rows`` does; it
ends with 1 where one is not held. ``--only`` names some of them, whose lines take the place of their old ones; without
a name the page is made anew. The figures stay beside the page, since nobody runs all of them at one time.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.page import page, picture
from tests.bench.rows import read


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module, what it measures in a few words, and whether it reads published data (``--data``)."""

    module: str
    about: str
    reads_data: bool = False


BENCHMARKS = {
    "scoring": Benchmark("tests.bench.scoring", "How fast leads are scored"),
    "quality": Benchmark("tests.bench.quality", "How good the models are beside tuned peers", reads_data=True),
    "leakage": Benchmark("tests.bench.leakage", "Whether leaks are found and honest fields stay", reads_data=True),
    "publication": Benchmark("tests.bench.publication", "Which new models the rule lets score"),
    "drift": Benchmark("tests.bench.drift", "Whether changes among those who come are found, and nothing else"),
    "loop": Benchmark("tests.bench.loop", "Years of a tenant: changes, recovery, the echo of scores, their worth"),
    "cases": Benchmark("tests.bench.cases", "The playbook's own systems", reads_data=True),
    "experiments": Benchmark("tests.bench.experiments", "Whether experiments say what is true"),
    "engine": Benchmark("tests.bench.engine", "Many tenants: fairness, recovery, and what idle ones cost"),
    "line": Benchmark("tests.bench.line", "Reading and writing beside the CRMs' limits"),
    "realtime": Benchmark("tests.bench.realtime", "From what happened in a CRM to the new value there"),
    "api": Benchmark("tests.bench.api", "How fast the REST API tells stored scores"),
    "rivals": Benchmark("tests.bench.rivals", "A backfill's processor time beside other programs'"),
}


def run(name: str, folder: Path, chosen: argparse.Namespace) -> bool:
    """Run one benchmark; tell whether all its lines were held."""
    one, report = BENCHMARKS[name], folder / f"{name}.json"
    command = [sys.executable, "-m", one.module, "--report", str(report)]
    command += ["--quick"] if chosen.quick else []
    command += ["--data", str(chosen.data)] if chosen.data and one.reads_data else []
    sys.stdout.write(f"{name}: {one.about}\n")
    sys.stdout.flush()
    return subprocess.run(command, check=False).returncode == 0


def found_in(folder: Path) -> dict[str, dict[str, Any]]:
    """What benchmarks have written into the folder, in their order, with what they are about."""
    found = {}
    for name, one in BENCHMARKS.items():
        report = folder / f"{name}.json"
        if report.exists():
            found[name] = read(report) | {"about": one.about}
    return found


def main() -> int:
    """Run what is asked for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", choices=list(BENCHMARKS), help="some of them")
    parser.add_argument("--quick", action="store_true", help="smaller, each within a minute")
    parser.add_argument("--data", type=Path, help="folder with the published data sets")
    parser.add_argument("--folder", type=Path, default=Path("docs/benchmarks"), help="where the figures are kept")
    parser.add_argument("--page", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    wanted = list(BENCHMARKS) if chosen.only is None else chosen.only
    held = [run(name, chosen.folder, chosen) for name in wanted]
    found = found_in(chosen.folder)
    drawn = chosen.page.parent / "pictures" / "benchmarks.svg"
    drawn.parent.mkdir(parents=True, exist_ok=True)
    drawn.write_text(picture(found))
    chosen.page.write_text(page(found, drawn.relative_to(chosen.page.parent)))
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main())
