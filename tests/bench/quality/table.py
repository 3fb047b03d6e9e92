"""The result in words: which lines are held, and a table for each case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.bench.quality.measure import CANARY, LINE, NAMES, OURS

HEADS = {
    "auc": "AUC",
    "pr_auc": "PR-AUC",
    "p_at_100": "P@100",
    "lift_at_20": "lift@20 %",
    "brier": "Brier",
    "ece": "ECE",
}
LEAST_ATTAINED = {"additive, 1,000": 0.95, "additive, 100": 0.75}


def checks(row: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """What design asks of this case, in words, and whether it holds."""
    found = []
    if row.get("canary"):
        reached = row["methods"][OURS]["auc"]["value"]
        return [(f"AUC {reached:.3f} claims at most {CANARY}", reached <= CANARY)]
    mine = row["methods"][OURS].get("attained")
    least = next((share for start, share in LEAST_ATTAINED.items() if row["name"].startswith(start)), None)
    if mine and least is not None:
        found.append((f"{mine['mean']:.3f} of the attainable, {least} asked", mine["mean"] >= least))
    elif mine and row["name"].startswith("interactions"):
        peer = row["methods"][row["best_peer"]]["attained"]["mean"]
        found.append((f"{mine['mean']:.3f} of the attainable, the best peer's {peer:.3f} asked", mine["mean"] >= peer))
    else:
        low = row["difference"]["low"]
        found.append((f"AUC at worst {low:+.4f} to the best peer, {LINE} asked", low >= LINE))
    return found


def markdown(rows: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]) -> str:
    """The whole report."""
    told = ", ".join(f"{name} {value}" for name, value in settings.items())
    return "\n".join(
        ["# Model quality beside the usual peers", "", told + ".", "", *_summary(rows), *map(_table, rows)]
    )


def _summary(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [
        "| case | ours | best peer on validation | AUC difference (95 %) | line | held |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        gap, best = row["difference"], row["best_peer"]
        mine, other = (row["methods"][name]["auc"]["value"] for name in (OURS, best))
        for words, held in checks(row):
            lines.append(
                f"| {row['name']} | {mine:.4f} | {best} {other:.4f} | {gap['value']:+.4f} ({gap['low']:+.4f} to "
                f"{gap['high']:+.4f}) | {words} | {'yes' if held else '**no**'} |"
            )
    return [*lines, ""]


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
