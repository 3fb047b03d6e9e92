"""The leakage guard as a whole: which fields stay out of an unattended run, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import polars as pl

from scoring.association import codes
from scoring.copies import Copy, copies
from scoring.evidence import areas
from scoring.features.reading import text
from scoring.leakage import Evidence, FieldVerdict, Filled, Verdict
from scoring.maturity import Maturity, cohorts, compare, fills
from scoring.probe import Probe, make_probe
from scoring.proof import dated_evidence, dated_fields, proven
from scoring.schema import Field, Goal, History, Knowledge, Timing
from scoring.single import fine, newest_rows, strength
from scoring.splits import Split
from scoring.suspicion import Known, Suspicion, suspected, would_be
from scoring.timeline import Timeline
from scoring.words import in_percent


@dataclass(frozen=True, slots=True)
class Case:
    """What is judged: a history until ``as_of``, its snapshot rows; ``confirmed``: fields the admin vouches for."""

    timeline: Timeline
    history: History
    rows: pl.DataFrame
    split: Split | None
    goal: Goal
    as_of: datetime
    confirmed: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict on every field, by name, and a quick model's AUC with and without all that is held back.

    Both AUCs belong to the validation rows and are None where nothing is suspect or confirmed against the verdict.
    """

    verdicts: tuple[FieldVerdict, ...]
    auc_with: float | None = None
    auc_without: float | None = None

    def excluded(self) -> frozenset[str]:
        """The fields that no model may use."""
        return frozenset(one.field for one in self.verdicts if one.verdict is not Verdict.CLEAR)

    def to_json(self) -> dict[str, Any]:
        """The two AUCs and the names of the fields between them."""
        held = [one.field for one in self.verdicts if one.verdict is Verdict.SUSPECT]
        kept = [one.field for one in self.verdicts if one.overruled is not None]
        return {"held_back": held, "overruled": kept, "auc_with": self.auc_with, "auc_without": self.auc_without}


def judge(case: Case) -> Judgement:
    """Judge every field. Without a split (too few conversions) nothing can be suspected."""
    verdicts = [_vouched(one, case) for one in proven(case.timeline, case.history, case.as_of)]
    judged = {one.field for one in verdicts}
    rest = [field for name, field in sorted(case.timeline.fields.items()) if name not in judged and not field.blocked]
    repeated = _copies(case, rest)
    verdicts += [_by_copy(field, repeated[field.name]) for field in rest if field.name in repeated]
    rest = [field for field in rest if field.name not in repeated]
    if case.split is None or not rest:
        verdicts += [_untested(field) for field in rest]
        return Judgement(_sorted(verdicts))
    gone = {one.field for one in verdicts if one.verdict is not Verdict.CLEAR}
    probe = make_probe(case.timeline, case.rows, case.split, case.goal.timing, gone)
    tested = _tested(case, probe, rest)
    held = [one.field for one in tested if one.verdict is Verdict.SUSPECT]
    kept = [one.field for one in (*verdicts, *tested) if one.overruled is not None]
    reached = (probe.auc(), probe.auc([*held, *kept])) if held or kept else (None, None)
    return Judgement(_sorted([*verdicts, *tested]), *reached)


def assumed(timeline: Timeline, goal: Goal, confirmed: Collection[str] = ()) -> frozenset[str]:
    """Return the names of fields that are only assumed to be filled in before the outcome."""
    return frozenset(n for n, field in timeline.fields.items() if n not in confirmed and _doubtful(field, goal))


def _sorted(verdicts: Sequence[FieldVerdict]) -> tuple[FieldVerdict, ...]:
    return tuple(sorted(verdicts, key=lambda one: one.field))


def _doubtful(field: Field, goal: Goal) -> bool:
    """Intake values are declared fixed at creation; dated ones are exact unless the outcome has no date."""
    if field.knowledge is Knowledge.DATED:
        return goal.timing is not Timing.DATED
    return field.knowledge is Knowledge.UNDATED


def _vouched(found: FieldVerdict, case: Case) -> FieldVerdict:
    """A field that changes with the outcome may be confirmed; one that is the outcome, or our score, may not."""
    field = case.timeline.fields[found.field]
    if field.name not in case.confirmed or field.system or field.own:
        return found
    return _overruled(found)


def _overruled(found: FieldVerdict) -> FieldVerdict:
    reason = f"You vouch that it is filled in before the outcome. The data say otherwise: {found.reason}"
    return replace(found, verdict=Verdict.CLEAR, reason=reason, overruled=found.verdict)


def _copies(case: Case, rest: Sequence[Field]) -> dict[str, Copy]:
    if case.goal.timing is not Timing.DATED:
        return {}
    undated = [field for field in rest if field.knowledge is Knowledge.UNDATED and field.name not in case.confirmed]
    return copies(case.timeline, case.history, undated, list(dated_fields(case.timeline).values()), case.as_of)


def _by_copy(field: Field, found: Copy) -> FieldVerdict:
    why = (
        f"It repeats the last value of '{found.original}', also for {in_percent(found.agreed)} of the {found.changed} "
        "leads that had another one at creation: it was not known from creation, and its original is used with its "
        "dates."
    )
    evidence = Evidence(copy_of=found.original, copied=found.agreed)
    return FieldVerdict(field.name, field.label, Verdict.PROVEN, why, evidence)


def _tested(case: Case, probe: Probe, rest: Sequence[Field]) -> list[FieldVerdict]:
    """Verdicts on the fields that are not proven, with their evidence."""
    known = _known(case, probe, rest)
    doubtful = [field.name for field in rest if _doubtful(field, case.goal) and field.name not in case.confirmed]
    found = suspected(probe, known, doubtful)
    dated = dated_evidence(case.timeline, case.history, case.as_of)
    reached = areas(probe, known, list(found))
    verdicts = []
    for field in rest:
        name = field.name
        evidence = dated.get(name, Evidence())
        filled = _joined(evidence.filled, known.filled.get(name, Filled()), known.maturity.get(name))
        fresh = known.maturity[name].fresh if name in known.maturity else None
        evidence = replace(evidence, filled=filled, auc=reached[name], fresh=fresh)
        vouched = name in case.confirmed and _doubtful(field, case.goal)
        trusted = vouched or field.knowledge is Knowledge.INTAKE
        why = found.get(name) or (would_be(probe, known, name, set(found)) if trusted else None)
        verdict = _verdict(field, why, evidence)
        verdicts.append(_overruled(verdict) if trusted and why is not None else verdict)
    return verdicts


def _known(case: Case, probe: Probe, rest: Sequence[Field]) -> Known:
    """One line a lead: what each field tells alone, and how old and new leads compare."""
    names = [field.name for field in rest]
    leads = newest_rows(case.rows, case.history)
    values = case.timeline.values(leads.rows, names).select(text(pl.col(name)) for name in names)
    varying = [name for name in names if name in probe.fields()]
    undated = [field.name for field in rest if field.knowledge is not Knowledge.DATED or _doubtful(field, case.goal)]
    compared = cohorts(case.timeline, case.history, case.goal, case.as_of, undated)
    return Known(
        strength={name: strength(fine(values[name]), leads) for name in varying},
        groups={name: codes(values[name]) for name in varying},
        label=leads.label,
        maturity={name: compare(compared, name) for name in undated if name in varying} if compared else {},
        filled=fills(values, leads.label),
    )


def _joined(dated: Filled, told: Filled, maturity: Maturity | None) -> Filled:
    joined = replace(dated, converted=told.converted, unconverted=told.unconverted)
    if maturity is None:
        return joined
    return replace(joined, matured=maturity.filled.matured, fresh=maturity.filled.fresh)


def _verdict(field: Field, why: Suspicion | None, evidence: Evidence) -> FieldVerdict:
    if why is None:
        return FieldVerdict(field.name, field.label, Verdict.CLEAR, _clear(field, evidence), evidence)
    auc = evidence.auc if why.moved is None else replace(evidence.auc, with_it=why.moved[0], without=why.moved[1])
    evidence = replace(evidence, auc=auc, tied_to=why.tied_to, tie=why.tie)
    return FieldVerdict(field.name, field.label, Verdict.SUSPECT, why.reason, evidence)


def _clear(field: Field, evidence: Evidence) -> str:
    if field.observed:
        return "It was not known from creation: its values count from when a reading first saw them."
    if field.knowledge is Knowledge.DATED:
        return "Its values are dated and are used only from their time on."
    if field.knowledge is Knowledge.INTAKE:
        return "It is declared to be fixed at creation."
    if evidence.auc.alone is None:
        return "Assumed known from creation. It does not vary enough to be used."
    return f"Assumed known from creation. It predicts (AUC {evidence.auc.alone:.2f} alone), but does not decide."


def _untested(field: Field) -> FieldVerdict:
    why = _clear(field, Evidence())
    if field.knowledge is Knowledge.UNDATED:
        why = "Assumed known from creation; too few conversions to test it, so the scorecard does not learn from it."
    return FieldVerdict(field.name, field.label, Verdict.CLEAR, why)
