"""The demo's figures: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from connector.services import pipeline
from connector.store.runs import Run, StageProgress


def stage_rows(run: Run, progress: Mapping[str, StageProgress]) -> list[dict[str, Any]]:
    """Return name, seconds and count of each stage."""
    rows = []
    for name in pipeline.PLANS[run.kind]:
        stage = progress[name]
        seconds = 0.0
        if stage.started_at and stage.finished_at:
            seconds = (stage.finished_at - stage.started_at).total_seconds()
        rows.append({"name": name, "seconds": round(seconds, 2), "done": stage.done})
    return rows


def model_row(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's figures; None where a scorecard has none."""
    metrics = report.get("metrics") or {}
    auc = metrics.get("auc") or {}
    baselines = [_plain(entry.get("auc")) for entry in (report.get("baselines") or {}).values()]
    known = [item for item in baselines if item is not None]
    return {
        "version": report.get("version"),
        "kind": report.get("kind"),
        "auc": auc.get("value"),
        "auc_interval": [auc["low"], auc["high"]] if auc else None,
        "precision_at_100": _plain(metrics.get("precision_at_k")),
        "lift_at_20": _plain((metrics.get("lift") or {}).get("20")),
        "brier": _plain(metrics.get("brier")),
        "calibration_error": _plain(metrics.get("calibration_error")),
        "baseline_auc": max(known, default=None),
    }


def _plain(value: Any) -> float | None:
    """Return the number of a figure, with or without its interval."""
    number: float | None = value.get("value") if isinstance(value, dict) else value
    return number


def print_summary(console: Console, figures: Mapping[str, Any], verdict: str) -> None:
    """Print a table for the stages, the CRMs and the model."""
    stages = Table("Stage", "Seconds", "Done", title="The line, stage by stage", title_justify="left")
    for row in figures["stages"]:
        stages.add_row(row["name"], f"{row['seconds']:.1f}", f"{row['done']:,}")
    console.print(stages)
    for name, crm in figures["crms"].items():
        table = Table("Figure", "Value", title=f"{name}: what was read and written", title_justify="left")
        for key, value in crm.items():
            table.add_row(key.replace("_", " "), f"{value:,}" if isinstance(value, int) else str(value))
        console.print(table)
    model = Table("Figure", "Value", title="The model, on its newest test period", title_justify="left")
    for key, value in figures["model"].items():
        model.add_row(key.replace("_", " "), _number(value))
    console.print(model)
    console.print(verdict)
    console.print(f"Total: {figures['seconds']:.0f} s")


def _number(value: Any) -> str:
    if value is None:
        return "not measured"
    if isinstance(value, list):
        return " – ".join(_number(item) for item in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)
