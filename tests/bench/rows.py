"""One line of a benchmark, and how lines are printed and written."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """What was ``achieved`` beside a ``limit`` of the same run; ``required``: the least ratio, None if none is.

    ``median_of``: measurements behind the figure; ``spread``: their standard deviation, or half of a 95 % interval.
    """

    case: str
    name: str
    unit: str
    achieved: float
    limit: float
    required: float | None = None
    median_of: int = 1
    spread: float = 0.0
    less_is_better: bool = False

    @property
    def ratio(self) -> float:
        """Achieved over limit, turned where less is better: higher is better."""
        over, under = (self.limit, self.achieved) if self.less_is_better else (self.achieved, self.limit)
        return over / under if under else 0.0

    @property
    def held(self) -> bool:
        """Whether what is required is reached."""
        return self.required is None or self.ratio >= self.required


def told(rows: Sequence[Row]) -> str:
    """The rows as a table."""
    lines = [
        f"{'case':<14} {'what':<58} {'achieved':>10} {'limit':>9} {'ratio':>7} {'asked':>6} {'spread':>8}  unit",
    ]
    for row in rows:
        asked = "" if row.required is None else f"{row.required:.2f}"
        mark = "" if row.held else "  NOT HELD"
        lines.append(
            f"{row.case:<14} {row.name:<58} {row.achieved:>10.4g} {row.limit:>9.4g} {row.ratio:>7.3f} {asked:>6} "
            f"{row.spread:>8.3g}  {row.unit}{mark}"
        )
    return "\n".join(lines) + "\n"


def written(path: Path, rows: Sequence[Row], settings: Mapping[str, object]) -> None:
    """The rows as JSON."""
    found = [asdict(row) | {"ratio": round(row.ratio, 4), "held": row.held} for row in rows]
    reported(path, found, settings)


def reported(path: Path, rows: Sequence[Mapping[str, Any]], settings: Mapping[str, object]) -> None:
    """Rows of a benchmark that has a form of its own, as JSON, with where and when they were measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    report = {"machine": machine(), "date": f"{datetime.now(UTC):%Y-%m-%d}", "settings": settings, "rows": rows}
    path.write_text(json.dumps(report, indent=1) + "\n")


def read(path: Path) -> dict[str, Any]:
    """A report, with what rows of a form of their own leave out: what was held, and one figure for the spread."""
    report: dict[str, Any] = json.loads(path.read_text())
    return report | {"rows": [_filled(row) for row in report["rows"]]}


def _filled(row: dict[str, Any]) -> dict[str, Any]:
    spread = row.get("spread", 0.0)
    half = (spread[1] - spread[0]) / 2 if isinstance(spread, list) else spread
    required = row["required"]
    held = required is None or row["ratio"] >= required
    return {"median_of": 1, "held": held} | row | {"spread": half}


def machine() -> str:
    """What it ran on: processor family, cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB of memory"


def progress(words: str) -> None:
    """A line for whoever waits."""
    sys.stderr.write(f"{words}\n")
