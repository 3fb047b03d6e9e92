"""The pitfalls, and what tells of each: functions of training reports and of the lane's speed, no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from connector.services.lane_speed import LEAST, LaneSpeed

Json = Mapping[str, Any]

LEAST_CONVERSIONS, FEW_CONVERSIONS = 30, 100
"""Converting leads below which nothing is learned at all, and below which a model's chances are rough."""
CARRIES = 0.02
FEW_FACTS, LEAST_FACTS = 5, 3
"""Facts that carry at least two hundredths of all influence: with fewer a model knows leads by little."""
MOSTLY_UNKNOWN = 0.5
SLOW_SECONDS, TOO_SLOW_SECONDS = 60, 120
MUCH_OF_ONE, TOO_MUCH_OF_ONE = 0.35, 0.50
TOO_MUCH_UNDATED = 0.20
"""Shares of all influence that one field may have, and one of which nobody knows when it was filled in."""


class Level(StrEnum):
    """How a tenant stands to a pitfall."""

    FINE = "fine"
    WATCH = "watch"
    ACT = "act"
    UNKNOWN = "not known yet"


@dataclass(frozen=True, slots=True)
class Known:
    """What is looked at: the report of the model that ``scores``, of the one trained last (``newest``, by
    ``version``), and of the one ``before`` that; and the lane's speed."""

    scores: Json | None
    newest: Json | None
    version: str
    before: Json | None
    lane: LaneSpeed


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: the ``number`` that was seen, and one sentence about it that names no lead."""

    level: Level
    number: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Pitfall:
    """``symptom`` is by what people notice it, ``bound`` where it begins, ``remedy`` the one thing to do."""

    key: str
    title: str
    symptom: str
    bound: str
    remedy: str
    look: Callable[[Known], Finding]


_NOT_YET = Finding(Level.UNKNOWN, "–", "It takes a model that was trained by this release.")


def leakage(known: Known) -> Finding:
    """Fields that may tell the outcome: new ones are to be decided on, known ones stay out."""
    if known.newest is None:
        return _NOT_YET
    held, former = _held_back(known.newest), _held_back(known.before or {})
    if not held:
        return Finding(Level.FINE, "0 fields", "No field that a model may use looks as if it gave the outcome away.")
    fresh = sorted(label for field, label in held.items() if field not in former)
    number = f"{len(held)} field{'' if len(held) == 1 else 's'}"
    if fresh:
        named = _named(fresh)
        told = f"{known.version} holds back what may give the outcome away: {named}. The model before it did not."
        return Finding(Level.ACT, number, told)
    named = _named(sorted(held.values()))
    return Finding(Level.WATCH, number, f"These stay out of every model until somebody decides: {named}.")


def _held_back(report: Json) -> dict[str, str]:
    labels = {one["field"]: str(one.get("label") or one["field"]) for one in report.get("leakage") or ()}
    return {field: labels.get(field, field) for field in (report.get("quarantine") or {}).get("held_back") or ()}


def _named(labels: list[str]) -> str:
    shown = ", ".join(f"“{label}”" for label in labels[:3])
    return f"{shown} and {len(labels) - 3} more" if len(labels) > 3 else shown


def imbalance(known: Known) -> Finding:
    """Too few conversions to learn from."""
    if known.newest is None or known.newest.get("conversions") is None:
        return _NOT_YET
    conversions, leads = int(known.newest["conversions"]), int(known.newest.get("leads") or 0)
    number = f"{conversions:,} converting leads of {leads:,}"
    if conversions < LEAST_CONVERSIONS:
        told = f"Only {conversions} leads have converted whose time is over: fixed rules score, nothing was learned."
        return Finding(Level.ACT, number, told)
    if conversions < FEW_CONVERSIONS:
        told = f"{conversions} leads have converted whose time is over: the model's chances are rough."
        return Finding(Level.WATCH, number, told)
    return Finding(Level.FINE, number, "There are conversions enough to learn from and to test on.")


def poor_features(known: Known) -> Finding:
    """Few facts carry anything, or the leading ones are not known of most leads."""
    shares = _by_concept(known.scores)
    if known.scores is None or not shares:
        return _NOT_YET
    carrying = sum(share >= CARRIES for share in shares.values())
    leading = list(known.scores.get("influence") or ())
    unknown = sum(_unknown(one) > MOSTLY_UNKNOWN for one in leading)
    cap = (known.scores.get("goal") or {}).get("most_facts")
    # Who accepts few facts gets few: that is no pitfall.
    few, least = (min(bound, cap or bound) for bound in (FEW_FACTS, LEAST_FACTS))
    number = f"{carrying} facts carry; {unknown} of {len(leading)} leading ones mostly unknown"
    if carrying < least:
        told = f"Few facts about a lead carry anything ({carrying}): leads look alike to the model."
        return Finding(Level.ACT, number, told)
    if leading and unknown > len(leading) / 2:
        told = f"{unknown} of the {len(leading)} facts that move scores most are not known of most leads."
        return Finding(Level.ACT, number, told)
    if carrying < few or unknown:
        told = f"Facts about a lead that carry the model: {carrying}; leading ones unknown of most leads: {unknown}."
        return Finding(Level.WATCH, number, told)
    return Finding(Level.FINE, number, "Many facts carry the model, and they are known of most leads.")


def _unknown(one: Json) -> float:
    """The share of a sample of leads of which a fact is not known."""
    dots = one.get("dots") or ()
    return sum(height is None for _, height in dots) / len(dots) if dots else 0.0


def slow_crm(known: Known) -> Finding:
    """New values come late into the CRM."""
    lane = known.lane
    if lane.seconds is None:
        told = f"{lane.leads} leads were scored at once in the last days; {LEAST} are needed to say."
        return Finding(Level.UNKNOWN, f"{lane.leads} leads", told)
    number = f"95 % within {lane.seconds:,.1f} s"
    if lane.seconds > TOO_SLOW_SECONDS:
        told = f"New values take up to {lane.seconds / 60:,.1f} minutes into the CRM (95 % of {lane.leads:,} leads)."
        return Finding(Level.ACT, number, told)
    if lane.seconds > SLOW_SECONDS:
        told = f"New values take up to {lane.seconds:,.0f} seconds into the CRM."
        return Finding(Level.WATCH, number, told)
    return Finding(Level.FINE, number, "New values are in the CRM while the lead is still there.")


def one_field(known: Known) -> Finding:
    """A single field drives the model, or one of which nobody knows when it was filled in."""
    shares = _by_concept(known.scores)
    if known.scores is None or not shares:
        return _NOT_YET
    used = {str(one["label"]): one for one in known.scores.get("inputs") or () if one.get("use") == "used"}
    fields = {label: share for label, share in shares.items() if label in used}
    if not fields:
        return Finding(Level.FINE, "no field", "The model looks at what leads did and how long ago, at no field.")
    label, share = max(fields.items(), key=lambda item: (item[1], item[0]))
    undated = {name: part for name, part in fields.items() if used[name].get("knowledge") == "undated"}
    number = f"{share * 100:.0f} % “{label}”"
    if share > TOO_MUCH_OF_ONE:
        return Finding(Level.ACT, number, f"“{label}” alone has {share * 100:.0f} % of the influence on all scores.")
    for name, part in sorted(undated.items(), key=lambda item: -item[1]):
        if part > TOO_MUCH_UNDATED:
            told = f"“{name}” has {part * 100:.0f} % of the influence, and nobody knows when it was filled in."
            return Finding(Level.ACT, f"{part * 100:.0f} % “{name}”", told)
    if share > MUCH_OF_ONE:
        return Finding(Level.WATCH, number, f"“{label}” has {share * 100:.0f} % of the influence on all scores.")
    return Finding(Level.FINE, number, "No field has more than its share of the influence.")


def _by_concept(report: Json | None) -> dict[str, float]:
    """Each fact's share of all influence."""
    carried: Counter[str] = Counter()
    for one in (report or {}).get("features") or ():
        carried[str(one.get("concept") or one["label"])] += one["importance"]
    whole = sum(carried.values())
    return {name: value / whole for name, value in carried.items()} if whole > 0 else {}


PITFALLS = (
    Pitfall(
        "leakage",
        "Leakage",
        "The test looks splendid, and live scores are of no use: a field is filled in because the lead converted.",
        "Watch from one held-back field on; act where the newest model holds back one that the former did not.",
        "Open the page Fields and decide on it: it stays out until you say that it is filled in before the outcome.",
        leakage,
    ),
    Pitfall(
        "imbalance",
        "Too few conversions",
        "Scores hardly differ, and change with each training.",
        f"Watch below {FEW_CONVERSIONS} converting leads whose time is over; act below {LEAST_CONVERSIONS}.",
        "Choose a goal that comes earlier and oftener, such as a qualified lead, or read more of the CRM's past.",
        imbalance,
    ),
    Pitfall(
        "features",
        "Poor features",
        "Leads look alike to the model: all scores lie close together.",
        f"Watch below {FEW_FACTS} facts with {CARRIES * 100:.0f} % of the influence or more, or where a leading fact "
        f"is unknown of most leads; act below {LEAST_FACTS}, or where that holds of most leading facts.",
        "Have the CRM filled in at creation, connect the tracking of your site, or turn a source of company facts on.",
        poor_features,
    ),
    Pitfall(
        "crm",
        "Late in the CRM",
        "A seller calls, and the score is of before the visit that mattered.",
        f"Watch above {SLOW_SECONDS} seconds for 95 % of the leads; act above {TOO_SLOW_SECONDS}.",
        "Open the page Connection: it shows the stretch that takes so long, and what waits.",
        slow_crm,
    ),
    Pitfall(
        "one-field",
        "Driven by one field",
        "Scores follow one field, whatever else a lead does; who fills it in decides who is called.",
        f"Watch above {MUCH_OF_ONE * 100:.0f} % of the influence; act above {TOO_MUCH_OF_ONE * 100:.0f} %, and above "
        f"{TOO_MUCH_UNDATED * 100:.0f} % for a field of which nobody knows when it was filled in.",
        "Open the page Fields, find out how and when it is filled in, and take it out if it should not decide.",
        one_field,
    ),
)
