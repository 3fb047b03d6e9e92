"""How firm the ranking is, and what more leads would bring."""

from __future__ import annotations

from scoring.cards.blocks import Block, Paragraph, Picture, Section, Table
from scoring.cards.words import count, number, share
from scoring.figures import Figure
from scoring.figures.figure import Json


def firmness(report: Json, drawn: dict[str, Figure]) -> Section:
    """Stability over resamples, and the learning curve."""
    blocks: list[Block] = [Paragraph(_stability(report))]
    found = report.get("learning_curve")
    if not found:
        blocks.append(Paragraph("Learning curve: too few conversions to learn from in parts."))
        return Section("Stability and learning curve", tuple(blocks))
    rows = tuple(
        (count(point["leads"]), number(point["auc"]), number(point["log_loss"], 4)) for point in found["points"]
    )
    head = ("Leads learned from", "AUC on newer leads", "Log-loss there, recalibrated")
    blocks += [Paragraph(found["sentence"]), Table("Learning curve", head, rows)]
    if "learning-curve" in drawn:
        blocks.append(Picture(drawn["learning-curve"]))
    return Section("Stability and learning curve", tuple(blocks))


def _stability(report: Json) -> str:
    found = report.get("stability")
    if not found:
        return "Stability: too few leads or conversions to ask for it."
    top, ranks = found["overlap"], found["spearman"]
    told = (
        f"Fitted again on {found['resamples']} resamples of the leads, two models agree on {share(top['value'])} of "
        f"the best tenth of {count(found['leads'])} leads ({share(top['low'])} to {share(top['high'])} over the pairs; "
        f"10 % by chance), and their ranks correlate by {number(ranks['value'], 2)} ({number(ranks['low'], 2)} to "
        f"{number(ranks['high'], 2)}, Spearman)."
    )
    if found["rows"] >= 0.9 * found["of_rows"]:
        return told
    small = f"{count(found['rows'])} of {count(found['of_rows'])} snapshots"
    return f"{told} Each was fitted on {small} only; on all of them the agreement is likely higher."
