"""The leakage guard as a whole: which fields stay out of an unattended run, and why."""

from __future__ import annotations

import polars as pl

from scoring.leakage import FieldVerdict, Verdict
from scoring.probe import make_probe
from scoring.proof import proven
from scoring.schema import Field, Goal, History, Knowledge, Timing
from scoring.splits import Split
from scoring.suspicion import suspects
from scoring.timeline import Timeline


def judge(
    timeline: Timeline, history: History, rows: pl.DataFrame, split: Split | None, goal: Goal
) -> list[FieldVerdict]:
    """A verdict on every field, by name. Without a split (too few conversions) nothing can be suspected."""
    verdicts = proven(timeline, history)
    proved = {verdict.field for verdict in verdicts}
    rest = [field for name, field in sorted(timeline.fields.items()) if name not in proved and not field.blocked]
    doubtful = [field for field in rest if split is not None and _doubtful(field, goal)]
    if split is not None and doubtful:
        probe = make_probe(timeline, rows, split, goal.timing, proved)
        verdicts += suspects(probe, doubtful)
    judged = {verdict.field for verdict in verdicts}
    verdicts += [_assumed(field, tested=split is not None) for field in rest if field.name not in judged]
    return sorted(verdicts, key=lambda verdict: verdict.field)


def assumed(timeline: Timeline, goal: Goal) -> frozenset[str]:
    """Return the names of fields that are only assumed to be filled in before the outcome."""
    return frozenset(name for name, field in timeline.fields.items() if _doubtful(field, goal))


def _doubtful(field: Field, goal: Goal) -> bool:
    """Intake values are declared fixed at creation; dated ones are exact unless the outcome has no date."""
    if field.knowledge is Knowledge.DATED:
        return goal.timing is not Timing.DATED
    return field.knowledge is Knowledge.UNDATED


def _assumed(field: Field, *, tested: bool) -> FieldVerdict:
    why = {
        Knowledge.DATED: "Its values are dated and are used only from their time on.",
        Knowledge.INTAKE: "It is declared to be fixed at creation.",
        Knowledge.UNDATED: "Assumed known from creation.",
    }[field.knowledge]
    if not tested and field.knowledge is Knowledge.UNDATED:
        why = "Assumed known from creation; too few conversions to test it, so the scorecard does not learn from it."
    return FieldVerdict(field.name, field.label, Verdict.CLEAR, why)
