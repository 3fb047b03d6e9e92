"""How good the model is: figures, baselines, verdict, calibration, drift."""

from __future__ import annotations

from typing import Any

from scoring import glossary
from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.cards.words import count, measured, share
from scoring.figures import Figure
from scoring.figures.figure import Json
from scoring.verdict import RULE


def verdict(report: Json) -> Section:
    """The verdict and its rule."""
    sentence = str((report.get("verdict") or {}).get("sentence") or "No verdict was recorded.")
    return Section("Verdict", (Paragraph(sentence), Paragraph(f"The rule: {RULE}")))


def metrics(report: Json, drawn: dict[str, Figure]) -> Section:
    """Every metric with its interval, the baselines beside it, and the curves."""
    found = dict(report.get("metrics") or {})
    flat = found | {f"lift_at_{part}": value for part, value in (found.get("lift") or {}).items()}
    k = found.get("k", "k")
    rows = tuple(
        (term.label.format(k=k), measured(flat[name], term.unit), term.meaning.format(k=k))
        for name, term in glossary.METRICS.items()
        if flat.get(name) is not None
    )
    if not rows:
        return Section("Quality", (Paragraph("Nothing could be measured: there was no test window."),))
    seen = "on every lead whose time is over" if report.get("kind") == "scorecard" else "on leads that it had not seen"
    told = f"Measured {seen}. In brackets: 95 % intervals (bootstrap over companies, else leads)."
    pictures = [Picture(drawn[name]) for name in ("lift", "gain", "roc", "precision-recall") if name in drawn]
    tables = (Table("Figures", ("Figure", "Value", "How to read it"), rows), _against(report, found))
    return Section("Quality", (Paragraph(told), *tables, *pictures))


def _against(report: Json, found: Json) -> Table:
    ours = {"auc": found.get("auc"), "lift_at_20": (found.get("lift") or {}).get("20")}
    ranked: dict[str, Any] = {"model": ours, **(report.get("baselines") or {})}
    rows = tuple(
        (glossary.ranking(name)[0], measured(one.get("auc")), measured(one.get("lift_at_20"), "×"))
        for name, one in ranked.items()
    )
    return Table("Against simpler rankings of the same leads", ("Ranking", "AUC", "Lift in the top 20 %"), rows)


def calibration(report: Json, drawn: dict[str, Figure]) -> Section:
    """Whether stated chances come true, and whether the newest stretch still behaves."""
    kind = str((report.get("calibration") or {}).get("kind", "none"))
    blocks: list[Block] = [Paragraph(_KINDS.get(kind, kind))]
    bins = (report.get("curves") or {}).get("reliability") or ()
    if bins:
        rows = tuple(
            (
                share(one["stated"]),
                f"{share(one['observed'])} ({share(one['low'])} to {share(one['high'])})",
                count(one["rows"]),
                count(one["conversions"]),
            )
            for one in bins
        )
        head = ("Stated chance", "Converted (95 % interval)", "Snapshots", "of which converted")
        blocks.append(Table("Reliability on the test window", head, rows))
    if "reliability" in drawn:
        blocks.append(Picture(drawn["reliability"]))
    return Section("Calibration and drift", (*blocks, Paragraph(_drift(report))))


def _drift(report: Json) -> str:
    found = report.get("drift")
    if not found:
        return "Drift: too few conversions in the test window to be asked for."
    ratio, slope = (f"{low:g} to {high:g}" for low, high in (found["allowed"]["ratio"], found["allowed"]["slope"]))
    told = (
        f"Rate over stated chance {measured(found['ratio'])}, allowed {ratio}; slope of the log-odds "
        f"{measured(found['slope'])}, allowed {slope}."
    )
    if not found["drifted"]:
        return f"No drift shown. {told}"
    return f"Drifted: {'; '.join(found['reasons'])}. {told}"


_KINDS = {
    "none": "Chances are as the model states them: there was nothing to calibrate on.",
    "intercept": "Chances are shifted to the rate of rows that the model had not seen (under 100 conversions).",
    "sigmoid": "Chances are calibrated by a sigmoid on rows that the model had not seen (Platt 1999).",
    "isotonic": "Chances are calibrated by smoothed isotonic regression on rows that the model had not seen.",
}
