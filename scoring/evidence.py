"""The evidence that a quick model gives: AUC with and without a field, alone, in sequence and with its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from scoring.association import groups_of
from scoring.leakage import Areas
from scoring.probe import Probe
from scoring.suspicion import TIED, Known

TRIED_ALONE, TRIED_IN_SEQUENCE, GROUPED = 12, 8, 12
"""Tried for so many of the strongest fields; weaker ones can't move the AUC."""


def areas(probe: Probe, known: Known, held: Sequence[str]) -> Mapping[str, Areas]:
    """For every field, the strongest first; ``held``: suspect fields, without which the clear ones are tried."""
    ranked = sorted(known.strength, key=lambda name: (-known.strength[name].auc, name))
    ranked = [*(name for name in ranked if name in held), *(name for name in ranked if name not in held)]
    found = {name: Areas() for name in known.filled}
    for name in ranked:
        one = known.strength[name]
        found[name] = Areas(
            alone=one.auc, highest=one.highest, certain=one.certain, sure=one.sure, by_age=probe.by_age(name)
        )
    for name in ranked[: TRIED_ALONE + len(held)]:
        gone = set(held) - {name}
        found[name] = replace(found[name], with_it=probe.auc(gone), without=probe.auc({*gone, name}))
    for place, name in enumerate(ranked[:TRIED_IN_SEQUENCE]):
        step = (probe.auc(ranked[:place]), probe.auc(ranked[: place + 1]))
        found[name] = replace(found[name], sequence_with=step[0], sequence_without=step[1])
    return found | _with_groups(probe, known, found, ranked[:GROUPED], held)


def _with_groups(
    probe: Probe, known: Known, found: Mapping[str, Areas], ranked: Sequence[str], held: Sequence[str]
) -> dict[str, Areas]:
    result = {}
    for group in groups_of({name: known.groups[name] for name in ranked}, known.label, TIED):
        if len(group) > 1:
            rest = set(held) - set(group)
            moved = (probe.auc(rest), probe.auc({*rest, *group}))
            for name in group:
                result[name] = replace(found[name], together=group, group_with=moved[0], group_without=moved[1])
    return result
