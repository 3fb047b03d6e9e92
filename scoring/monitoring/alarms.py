"""From the findings of a day to alarms that open and close: one a subject, however many measures tell of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from scoring.monitoring.arrivals import MISSING
from scoring.monitoring.judging import Finding

JOINT = "+"


@dataclass(frozen=True, slots=True)
class Turn:
    """``opened``: the finding that tells most, by the subject of a new alarm; ``closed``: subjects that calmed down."""

    opened: dict[str, Finding]
    closed: tuple[str, ...]


def turned(open_now: Collection[str], findings: Sequence[Finding], inputs_of: Callable[[str], tuple[str, ...]]) -> Turn:
    """Compare a day's findings with the alarms that are open; without any finding all stay as they are.

    The subject of a measure is what it comes from (``inputs_of`` its name). What comes from several inputs gets no
    alarm of its own where one of them has.
    """
    by_subject: dict[str, list[Finding]] = {}
    for finding in findings:
        by_subject.setdefault(subject(inputs_of(finding.name)), []).append(finding)
    certain = {
        name: min(found, key=_telling)
        for name, every in by_subject.items()
        if (found := [one for one in every if one.certain])
    }
    single = {name for name in (*open_now, *certain) if JOINT not in name}
    opened = {
        name: finding
        for name, finding in certain.items()
        if name not in open_now and (name in single or single.isdisjoint(name.split(JOINT)))
    }
    calm = [
        name
        for name in open_now
        if name in by_subject and not any(one.lasting or one.certain for one in by_subject[name])
    ]
    return Turn(opened, tuple(sorted(calm)))


def subject(inputs: Sequence[str]) -> str:
    """What an alarm is about, as one text."""
    return JOINT.join(inputs)


def _telling(finding: Finding) -> tuple[bool, float, str]:
    """That something is missing explains what else changed; then what is farthest."""
    return not finding.name.startswith(MISSING), -finding.index, finding.name
