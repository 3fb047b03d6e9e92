"""The result in words: which lines are held, and a table for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.quality.measure import NAMES, OURS
from tests.bench.rows import Row

HEADS = {
    "auc": "AUC",
    "pr_auc": "PR-AUC",
    "p_at_100": "P@100",
    "lift_at_20": "lift@20 %",
    "brier": "Brier",
    "ece": "ECE",
}


def markdown(rows: Sequence[Mapping[str, Any]], lines: Sequence[Row], settings: Mapping[str, Any]) -> str:
    """The whole report; ``lines``: what is asked of the cases."""
    told = ", ".join(f"{name} {value}" for name, value in settings.items())
    return "\n".join(
        ["# Model quality beside the usual peers", "", told + ".", "", *_summary(rows, lines), *map(_table, rows)]
    )


def _summary(rows: Sequence[Mapping[str, Any]], lines: Sequence[Row]) -> list[str]:
    told = ["| case | ours | best peer on validation | AUC difference (95 %) |", "|---|---|---|---|"]
    for row in rows:
        gap, best = row["difference"], row["best_peer"]
        mine, other = (row["methods"][name]["auc"]["value"] for name in (OURS, best))
        told.append(
            f"| {row['name']} | {mine:.4f} | {best} {other:.4f} | {gap['value']:+.4f} ({gap['low']:+.4f} to "
            f"{gap['high']:+.4f}) |"
        )
    told += ["", "| asked | reached | limit | ratio | least ratio | held |", "|---|---|---|---|---|---|"]
    for line in lines:
        asked = "–" if line.required is None else f"{line.required:.3f}"
        told.append(
            f"| {line.name} | {line.achieved:.4f} | {line.limit:.4f} | {line.ratio:.3f} | {asked} | "
            f"{'yes' if line.held else '**no**'} |"
        )
    return [*told, ""]


def _table(row: Mapping[str, Any]) -> str:
    chosen = ", ".join(f"{name} × {count}" for name, count in row["chosen"].items())
    lines = [
        f"## {row['name']}",
        "",
        f"{row['test_conversions']:,} conversions in the test windows; learned from {row['rows']} rows.",
        f"Ours chose: {chosen}.",
        "",
        "| method | " + " | ".join(HEADS[name] for name in NAMES) + " | attained | s |",
        "|---|" + "---|" * (len(NAMES) + 2),
    ]
    for method, found in row["methods"].items():
        cells = [f"{found[name]['value']:.4f} ({found[name]['low']:.4f}–{found[name]['high']:.4f})" for name in NAMES]
        attained = f"{found['attained']['mean']:.3f}" if "attained" in found else "–"
        lines.append(f"| {method} | {' | '.join(cells)} | {attained} | {found['seconds']:.0f} |")
    return "\n".join([*lines, ""])
