"""A finding in one sentence, and what to do about it in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.bundle import Bundle
from scoring.features import catalogue
from scoring.monitoring.arrivals import HIGH_INTENT, MISSING, SCORE, SHAPE
from scoring.monitoring.judging import Finding
from scoring.monitoring.reference import Reference
from scoring.words import in_percent

CALIBRATION = "calibration"
MODEL_SUBJECTS = {SCORE: "Scores of newcomers", HIGH_INTENT: "Newcomers in the High-Intent band"}
RETRAIN = "Train a new model once outcomes of such people are known; until then take their scores with care."
_FLAG = {0.0, 1.0}


@dataclass(frozen=True, slots=True)
class Told:
    """``label``: what it is about; ``sentence``: what happened; ``action``: what to do."""

    label: str
    sentence: str
    action: str


def inputs_of(bundle: Bundle, name: str) -> tuple[str, ...]:
    """The fields or kinds of events that a measure comes from: what one alarm is about."""
    if name in MODEL_SUBJECTS:
        return (name,)
    column = name.removeprefix(SHAPE).removeprefix(MISSING)
    feature = catalogue(bundle.spec).features.get(column)
    return feature.inputs if feature else (column,)


def label_of(bundle: Bundle, name: str) -> str:
    """What people call a measure."""
    if name in MODEL_SUBJECTS:
        return MODEL_SUBJECTS[name]
    column = name.removeprefix(SHAPE).removeprefix(MISSING)
    fields = {field.name: field.label for field in bundle.spec.fields}
    feature = catalogue(bundle.spec).features.get(column)
    return feature.label if feature else fields.get(column, column)


def told(bundle: Bundle, reference: Reference, finding: Finding) -> Told:
    """What happened, and what to do about it."""
    label = label_of(bundle, finding.name)
    edges = reference.edges[reference.names.index(finding.name)]
    whom = f"the {finding.arrivals:,} people who came since {finding.since:%A} {finding.since.day} {finding.since:%B}"
    if finding.name.startswith(MISSING):
        return Told(
            label, f"Missing “{label}” {_moved(finding, slice(1, None))} among {whom}.", _missing(finding, label)
        )
    if finding.name == HIGH_INTENT:
        action = "Compare their number with what sales can work on; set the band anew if it stays so."
        return Told(label, f"The share of High-Intent {_moved(finding, slice(1, None))} among {whom}.", action)
    if finding.name == SCORE:
        place = _most_moved(finding)
        between = _range([edge / 10 for edge in edges], place)
        return Told(
            label, f"The share of scores {between} {_moved(finding, slice(place, place + 1))} among {whom}.", RETRAIN
        )
    action = f"Find out which campaign, list or form they come from. {RETRAIN}"
    if set(edges) <= _FLAG:
        return Told(
            label,
            f"“{label}” holds of other people than before: it {_moved(finding, slice(1, None))} of {whom}.",
            action,
        )
    place = _most_moved(finding)
    part = f"the share with “{label}” {_range(edges, place)}"
    return Told(label, f"Other people come: {part} {_moved(finding, slice(place, place + 1))} among {whom}.", action)


def _missing(finding: Finding, label: str) -> str:
    if finding.name.removeprefix(MISSING).startswith("recency."):
        return (
            "Check the tracking script and the account that tells of it: nothing of the kind is heard of more people."
        )
    return f"Check the form, import or integration that fills in “{label}”. If it is meant to be so, accept it here."


def _moved(finding: Finding, bins: slice) -> str:
    before, now = sum(finding.before[bins]), sum(finding.now[bins])
    verb = "rose" if now > before else "fell"
    season = f" ({in_percent(sum(finding.season[bins]))} at this time a year ago)" if finding.season else ""
    return f"{verb} from {in_percent(before)} to {in_percent(now)}{season}"


def _most_moved(finding: Finding) -> int:
    moves = [abs(now - before) for before, now in zip(finding.before, finding.now, strict=True)]
    return moves.index(max(moves))


def _range(edges: Sequence[float], place: int) -> str:
    if place == 0:
        return f"up to {edges[0]:,.6g}"
    if place >= len(edges):
        return f"above {edges[-1]:,.6g}"
    return f"above {edges[place - 1]:,.6g} and up to {edges[place]:,.6g}"
