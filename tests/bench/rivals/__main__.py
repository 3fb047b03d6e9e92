"""Processor time of the same backfill: ours, dlt's and the Singer taps', in turn, against one sandbox.

``python -m tests.bench.rivals``: for each vendor every program reads a small and a larger account, each read by a new
process, turn and turn about. The difference of the two, by 1,000 contacts, leaves out what starting up costs. No
latency: what waits costs no processor time. A program that can't be installed is left out with a word.

Of each program two figures are shown: processor time by 1,000 contacts, whatever is read of them, and by 1,000 rows:
records, events, outcomes, and versions of a field where the CRM keeps them. What is asked is three times our time: by
contact and by row of a program that reads what we read, by row alone of one that reads what holds now (all that
HubSpot's tap can; dlt is measured both ways).
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.line.memory import apart
from tests.bench.line.setting import Plan
from tests.bench.rivals.environments import PROGRAMS, command_of
from tests.bench.rivals.signing_in import Signed, sign_in
from tests.bench.rivals.taps import TAPS, prepare, rows_of

HERE = Path(__file__).parent
TIMES = 3.0
"""How much more processor time than ours another program is to take at least."""


@dataclass(frozen=True, slots=True)
class Read:
    """One read of an account: processor seconds of the process, and rows read."""

    seconds: float
    rows: int


Reader = Callable[[str, Path], Read]
"""Reads the account at an origin, with a folder to write to."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A program that reads an account; ``whole``: what ours reads, as far as it can, else what holds now alone."""

    read: Reader
    whole: bool = True


def _timed(command: list[str], environment: Mapping[str, str], counted: Callable[[str], int]) -> Read:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Read(seconds, counted(done.stdout))


def _rows_told(output: str) -> int:
    told = json.loads(output.splitlines()[-1])
    return int(told["rows"]) + int(told.get("changes", 0))


def ours(vendor: str) -> Reader:
    """Read with the product."""

    def read(origin: str, _: Path) -> Read:
        return _timed([sys.executable, "-m", "tests.bench.rivals.ours", vendor, origin], os.environ, _rows_told)

    return read


def tap(vendor: str, command: Path) -> Reader:
    """Read with a Singer tap."""

    def read(origin: str, folder: Path) -> Read:
        environment = rerouted(origin)
        return _timed(
            prepare(TAPS[vendor], command, sign_in(vendor, origin), folder, environment), environment, rows_of
        )

    return read


def dlt(python: Path, scope: str) -> Reader:
    """Read with dlt's REST source: the ``scope`` is "now" or "whole"."""

    def read(origin: str, folder: Path) -> Read:
        signed: Signed = sign_in("hubspot", origin)
        script = [str(python), str(HERE / "pipeline_for_dlt.py"), str(folder), signed.access_token, scope]
        return _timed(script, rerouted(origin), _rows_told)

    return read


def rerouted(origin: str) -> dict[str, str]:
    """Return the environment in which a program's requests go to ``origin``."""
    return {**os.environ, "PYTHONPATH": str(HERE / "reroute"), "REROUTE_ORIGIN": origin, "DO_NOT_TRACK": "1"}


def readers(vendor: str) -> dict[str, Rival]:
    """Return the programs that read a vendor, ours first; those that can't be had are left out."""
    found = {"ours": Rival(ours(vendor))}
    for program in PROGRAMS:
        if program.name == TAPS[vendor].program and (command := command_of(program)):
            whole = TAPS[vendor].whole
            found[program.name if whole else f"{program.name} (now)"] = Rival(tap(vendor, command), whole)
        elif program.name == "dlt" and vendor == "hubspot" and (command := command_of(program)):
            found["dlt"] = Rival(dlt(command, "whole"))
            found["dlt (now)"] = Rival(dlt(command, "now"), whole=False)
    return found


def measure(vendor: str, sizes: tuple[int, int], rounds: int) -> Iterator[dict[str, object]]:
    """Yield two rows a program: processor seconds by 1,000 contacts and by 1,000 rows, ours beside each."""
    programs = readers(vendor)
    reads: dict[tuple[str, int], list[Read]] = defaultdict(list)
    for contacts in sizes:
        with TemporaryDirectory() as name, apart(Plan(vendor, contacts, 0.0), Path(name)) as origin:
            for _ in range(rounds):
                for program, rival in programs.items():
                    with TemporaryDirectory() as folder:
                        reads[program, contacts].append(rival.read(origin, Path(folder)))
    small, large = sizes
    for unit in ("contacts", "rows"):
        costs = {
            program: [
                _cost(less, more, large - small if unit == "contacts" else more.rows - less.rows)
                for less, more in zip(reads[program, small], reads[program, large], strict=True)
            ]
            for program in programs
        }
        for program, found in costs.items():
            rows = reads[program, large][-1].rows * 1000 / large
            asked = None if unit == "contacts" and not programs[program].whole else TIMES
            yield _row((vendor, program, unit), found, costs["ours"], rows, asked)


def _cost(less: Read, more: Read, further: int) -> float:
    """Return processor seconds by 1,000 of what the larger account has more."""
    return 1000 * (more.seconds - less.seconds) / further


def _row(
    measured: tuple[str, str, str], found: list[float], own: list[float], rows: float, asked: float | None
) -> dict[str, object]:
    vendor, program, unit = measured
    achieved, median = statistics.median(own), statistics.median(found)
    row: dict[str, object] = {
        "name": f"{vendor}: ours beside {program}, by {unit}" if program != "ours" else f"{vendor}: ours, by {unit}",
        "unit": f"processor seconds by 1,000 {unit}",
        "achieved": round(achieved, 4),
        "limit": round(median / (TIMES if program != "ours" else 1), 4),
        "rows_by_1000_contacts": round(rows),
        "median_of": len(found),
        "spread": [round(min(found), 4), round(max(found), 4)],
    }
    ratio = statistics.median(theirs / mine for theirs, mine in zip(found, own, strict=True))
    return row | {"ratio": round(ratio, 2), "required": asked if program != "ours" else 1.0}


def main() -> None:
    """Read the command line, compare, print a table and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sorted(TAPS))
    parser.add_argument("--report", type=Path)
    chosen = parser.parse_args()
    sizes, rounds = ((300, 1300), 1) if chosen.quick else ((1000, 4000), 5)
    vendors = [chosen.only] if chosen.only else sorted(TAPS)
    rows = [row for vendor in vendors for row in measure(vendor, sizes, rounds)]
    for row in rows:
        asked = "not asked: it reads less" if row["required"] is None else f"asked: {row['required']}"
        told = f"{row['achieved']:>8} s {row['rows_by_1000_contacts']:>8} rows  × {row['ratio']:<7} {asked}"
        print(f"{row['name']:58} {told}")
    if chosen.report:
        chosen.report.write_text(json.dumps({"rows": rows}, indent=2))


if __name__ == "__main__":
    main()
