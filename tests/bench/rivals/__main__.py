"""Processor time of the same backfill: ours, dlt's and the Singer taps', in turn, against one sandbox.

``python -m tests.bench.rivals``: for each vendor every program reads a small and a larger account, each read by a new
process, turn and turn about. The difference of the two, by 1,000 contacts, leaves out what starting up costs. No
latency: what waits costs no processor time. A program that can't be installed is left out with a word.

Of each program two figures are shown: processor time by 1,000 contacts, whatever is read of them, and by 1,000 rows:
records, events, outcomes, and versions of a field where the CRM keeps them. What is asked is three times our time: by
contact and by row of a program that does what a backfill does, which is to read what we read and to store it; by row
alone of one that does a part of it. A Singer tap prints what it reads, and a target stores that: both are measured, the
tap alone and with a target into DuckDB, where dlt stores too. HubSpot's tap reads what holds now; dlt is measured both
ways.
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
from tests.bench.rivals.environments import PROGRAMS, TARGET, command_of
from tests.bench.rivals.signing_in import Signed, sign_in
from tests.bench.rivals.taps import TAPS, prepare, rows_of, store
from tests.bench.rows import reported

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
    """A program that reads an account; ``whole``: what ours reads, as far as it can, and it stores that as ours does.

    Else it reads what holds now alone, or prints what it reads.
    """

    read: Reader
    whole: bool = True


def _timed(command: list[str], environment: Mapping[str, str], given: str = "") -> tuple[float, str]:
    """Run a program that is ``given`` a text; return its processor seconds and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=environment, input=given, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{command[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, done.stdout


def _rows_told(output: str) -> int:
    told = json.loads(output.splitlines()[-1])
    return int(told["rows"]) + int(told.get("changes", 0))


def ours(vendor: str) -> Reader:
    """Read with the product."""

    def read(origin: str, _: Path) -> Read:
        seconds, said = _timed([sys.executable, "-m", "tests.bench.rivals.ours", vendor, origin], os.environ)
        return Read(seconds, _rows_told(said))

    return read


def tap(vendor: str, command: Path, target: Path | None) -> Reader:
    """Read with a Singer tap, and store what it prints with a ``target``, if any."""

    def read(origin: str, folder: Path) -> Read:
        environment = rerouted(origin)
        asked = prepare(TAPS[vendor], command, sign_in(vendor, origin), folder, environment)
        seconds, said = _timed(asked, environment)
        if target:
            seconds += _timed(store(target, folder), environment, said)[0]
        return Read(seconds, rows_of(said))

    return read


def dlt(python: Path, scope: str) -> Reader:
    """Read with dlt's REST source: the ``scope`` is "now" or "whole"."""

    def read(origin: str, folder: Path) -> Read:
        signed: Signed = sign_in("hubspot", origin)
        script = [str(python), str(HERE / "pipeline_for_dlt.py"), str(folder), signed.access_token, scope]
        seconds, said = _timed(script, rerouted(origin))
        return Read(seconds, _rows_told(said))

    return read


def rerouted(origin: str) -> dict[str, str]:
    """Return the environment in which a program's requests go to ``origin``."""
    return {**os.environ, "PYTHONPATH": str(HERE / "reroute"), "REROUTE_ORIGIN": origin, "DO_NOT_TRACK": "1"}


def readers(vendor: str) -> dict[str, Rival]:
    """Return the programs that read a vendor, ours first; those that can't be had are left out."""
    found, one = {"ours": Rival(ours(vendor))}, TAPS[vendor]
    if command := command_of(PROGRAMS[one.program]):
        part = "alone" if one.whole else "(now)"
        found[f"{one.program} {part}"] = Rival(tap(vendor, command, None), whole=False)
        if one.whole and (target := command_of(TARGET)):
            found[f"{one.program} and {TARGET.name}"] = Rival(tap(vendor, command, target))
    if vendor == "hubspot" and (command := command_of(PROGRAMS["dlt"])):
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
        asked = "not asked: it does less" if row["required"] is None else f"asked: {row['required']}"
        told = f"{row['achieved']:>8} s {row['rows_by_1000_contacts']:>8} rows  × {row['ratio']:<7} {asked}"
        print(f"{row['name']:58} {told}")
    if chosen.report:
        reported(chosen.report, rows, {"contacts": list(sizes), "rounds": rounds})


if __name__ == "__main__":
    main()
