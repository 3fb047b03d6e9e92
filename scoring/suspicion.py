"""Suspect fields: undated ones that behave as if they were filled in after the outcome.

Taking a field away and seeing the ranking fall is not enough: honest strong fields do that too.
A field is suspect when

1. alone it all but decides the outcome (validation AUC of at least .90, or it makes at least a
   tenth of the conversions near certain), and adding it back to a probe without any such field
   moves the AUC by more than .03, or closes 15 % of what it lacks to 1 (so that copies of one
   leak can't hide each other, nor one leak behind strong honest fields); or
2. it says something of the outcome alone (AUC of at least .65) and is tied to such a field within
   each outcome (Cramér's V of at least .35 among the converted and among the rest): it was filled
   in by the same process.

Names play no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.association import tie
from scoring.leakage import FieldVerdict, Verdict
from scoring.probe import Probe
from scoring.schema import Field

MOVE, CLOSED = 0.03, 0.15
DECISIVE_AUC, DECISIVE_SHARE = 0.90, 0.10
TELLING_AUC, TIED = 0.65, 0.35
TRIED_ALONE = 20
"""Leaving out alone is tried for this many of the strongest fields; weaker ones can't move the AUC."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    single: Mapping[str, tuple[float, float]]
    without_all: float


def suspects(probe: Probe, fields: Sequence[Field]) -> list[FieldVerdict]:
    """A verdict with its evidence on every one of ``fields``."""
    known = probe.fields()
    single = {field.name: probe.alone(field.name) for field in fields if field.name in known}
    decisive = sorted(name for name, (area, share) in single.items() if _decisive(area, share))
    evidence = _Evidence(single, probe.auc(decisive))
    found: dict[str, FieldVerdict] = {}
    by_name = {field.name: field for field in fields}
    for name in decisive:
        verdict = _by_move(probe, by_name[name], evidence, [other for other in decisive if other != name])
        if verdict is not None:
            found[name] = verdict
    leaks = sorted(found)
    for name in sorted(set(single) - set(found)):
        verdict = _by_tie(probe, by_name[name], evidence, leaks) if leaks else None
        if verdict is not None:
            found[name] = verdict
    rest = [field for field in fields if field.name not in found]
    return [*found.values(), *_cleared(probe, rest, evidence, sorted(found))]


def _decisive(area: float, share: float) -> bool:
    return area >= DECISIVE_AUC or share >= DECISIVE_SHARE


def _by_move(probe: Probe, field: Field, evidence: _Evidence, others: Sequence[str]) -> FieldVerdict | None:
    reached = probe.auc(others)
    if reached - evidence.without_all <= min(MOVE, CLOSED * (1.0 - evidence.without_all)):
        return None
    area, share = evidence.single[field.name]
    why = (
        f"When it was filled in is unknown, alone it ranks leads with an AUC of {area:.2f} and makes {share:.0%} "
        f"of the conversions near certain, and with it the AUC rises from {evidence.without_all:.3f} to {reached:.3f}. "
        "It stays out until you confirm that it is filled in before the outcome."
    )
    return _verdict(field, Verdict.SUSPECT, why, area, (reached, evidence.without_all))


def _by_tie(probe: Probe, field: Field, evidence: _Evidence, leaks: Sequence[str]) -> FieldVerdict | None:
    area, _ = evidence.single[field.name]
    if area < TELLING_AUC:
        return None
    own = probe.codes(field.name)
    strength, leak = max((tie(own, probe.codes(leak), probe.label), leak) for leak in leaks)
    if strength < TIED:
        return None
    why = (
        f"When it was filled in is unknown, and it goes together with the suspect field '{leak}' even among leads of "
        f"the same outcome ({strength:.2f} of 1). It stays out until you confirm that it is filled in before it."
    )
    return _verdict(field, Verdict.SUSPECT, why, area, (probe.auc(leaks), probe.auc([*leaks, field.name])))


def _cleared(probe: Probe, fields: Sequence[Field], evidence: _Evidence, gone: Sequence[str]) -> list[FieldVerdict]:
    reached = probe.auc(gone)
    strength = {field.name: abs(evidence.single.get(field.name, (0.5, 0.0))[0] - 0.5) for field in fields}
    ranked = sorted(fields, key=lambda field: (-strength[field.name], field.name))
    verdicts = []
    for place, field in enumerate(ranked):
        area = evidence.single.get(field.name, (None, 0.0))[0]
        tried = place < TRIED_ALONE and area is not None
        without = (reached, probe.auc([*gone, field.name])) if tried else None
        why = "It predicts, but does not decide, the outcome." if area else "It does not vary enough to be used."
        verdicts.append(_verdict(field, Verdict.CLEAR, f"Assumed known from creation. {why}", area, without))
    return verdicts


def _verdict(
    field: Field, verdict: Verdict, reason: str, area: float | None, moved: tuple[float, float] | None
) -> FieldVerdict:
    with_it, without = (round(moved[0], 4), round(moved[1], 4)) if moved else (None, None)
    single = None if area is None else round(area, 4)
    return FieldVerdict(field.name, field.label, verdict, reason, single, with_it, without)
