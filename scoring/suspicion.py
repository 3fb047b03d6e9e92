"""Suspect fields: undated ones that behave as if they were filled in after the outcome.

Taking a field away and seeing the ranking fall is not enough: honest strong fields do that too. A field is suspect when

1. new leads lack it: what it foretells of them is not what matured leads of the same age led one to expect, or it
   is filled in less than half as often (``maturity``; needs creation dates); or
2. it decides the outcome in some stretch of the history (``single``: AUC surely above .875, or 15 % of the
   conversions near certain), and adding it to a quick model without any such field moves the AUC by more than .03 or
   closes 15 % of what it lacks to 1 (so that copies of one leak can't hide each other, nor one leak behind strong
   honest fields); or
3. some value of it surely multiplies the odds of a conversion by 100: no honest field knows so much, however rare; or
4. it says something of the outcome alone (AUC of at least .65) and goes together with a suspect field within each
   outcome, in its values or in being filled in at all: it was filled in by the same process.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from scoring.association import Codes, filled_together, tie
from scoring.leakage import Filled
from scoring.maturity import DEVIATION, Maturity
from scoring.metrics import Floats
from scoring.probe import Probe
from scoring.single import SURE_ODDS, Strength
from scoring.words import in_percent

MOVE, CLOSED = 0.03, 0.15
DECISIVE_AUC, DECISIVE_SHARE = 0.875, 0.15
TELLING_AUC, TIED, FILLED_TOGETHER = 0.65, 0.35, 0.50
_UNTIL = "It stays out until you confirm that it is filled in before the outcome."


@dataclass(frozen=True, slots=True)
class Known:
    """What was measured of the fields, by name: strength, groups of values (one line a lead), maturity, filling."""

    strength: Mapping[str, Strength]
    groups: Mapping[str, Codes]
    label: Floats
    maturity: Mapping[str, Maturity]
    filled: Mapping[str, Filled]


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Why a field is suspect. ``moved``: AUC with and without it, with no decisive field beside it."""

    field: str
    reason: str
    moved: tuple[float, float] | None = None
    tied_to: str | None = None
    tie: float | None = None


def suspected(probe: Probe, known: Known, doubtful: Sequence[str]) -> dict[str, Suspicion]:
    """Those of the ``doubtful`` fields that are suspect, with the reason that was found first."""
    found = {name: one for name in doubtful if (one := _by_itself(known, name)) is not None}
    decisive = [name for name in doubtful if name not in found and _decisive(known, name)]
    moved = {name: _by_move(probe, known, name, {*found, *decisive}) for name in decisive}
    found |= {name: one for name, one in moved.items() if one is not None}
    leaks = dict(found)
    while leaks:
        rest = [name for name in doubtful if name not in found]
        leaks = {name: one for name in rest if (one := _by_tie(known, name, sorted(leaks))) is not None}
        found |= leaks
    return found


def would_be(probe: Probe, known: Known, name: str, gone: Collection[str]) -> Suspicion | None:
    """Why a field that the admin vouches for would be suspect for itself, with no field of ``gone`` beside it."""
    found = _by_itself(known, name)
    if found is not None or not _decisive(known, name):
        return found
    return _by_move(probe, known, name, {*gone, name})


def _decisive(known: Known, name: str) -> bool:
    strength = known.strength.get(name)
    return strength is not None and (strength.highest >= DECISIVE_AUC or strength.certain >= DECISIVE_SHARE)


def _by_itself(known: Known, name: str) -> Suspicion | None:
    """Suspect whatever other fields there are."""
    strength = known.strength.get(name)
    if strength is not None and strength.sure > 0:
        why = (
            f"When it was filled in is unknown, and values of it that {in_percent(strength.sure)} of the converted "
            f"leads have multiply the odds of a conversion by more than {SURE_ODDS:.0f}. {_UNTIL}"
        )
        return Suspicion(name, why)
    return _by_age(known, name)


def _by_age(known: Known, name: str) -> Suspicion | None:
    seen = known.maturity.get(name)
    if seen is None or not seen.late:
        return None
    why = (
        f"When it was filled in is unknown, and leads that are new lack it: it is filled in for "
        f"{in_percent(seen.filled.fresh or 0)} of them, for {in_percent(seen.filled.matured or 0)} of the older ones"
    )
    if seen.fresh is not None and seen.fresh.deviation >= DEVIATION:
        why += f", and it foretells {in_percent(max(seen.fresh.foretold, 0))} of the conversions that their like had"
    return Suspicion(name, f"{why}. {_UNTIL}")


def _by_move(probe: Probe, known: Known, name: str, decisive: Collection[str]) -> Suspicion | None:
    bare, reached = probe.auc(decisive), probe.auc(set(decisive) - {name})
    if reached - bare <= min(MOVE, CLOSED * (1.0 - bare)):
        return None
    strength = known.strength[name]
    why = (
        f"When it was filled in is unknown, alone it ranks leads with an AUC of {strength.auc:.2f} (surely above "
        f"{strength.highest:.2f} where it tells most), makes {in_percent(strength.certain)} of the conversions near "
        f"certain, and with it the AUC rises from {bare:.3f} to {reached:.3f}. {_UNTIL}"
    )
    return Suspicion(name, why, moved=(reached, bare))


def _by_tie(known: Known, name: str, leaks: Sequence[str]) -> Suspicion | None:
    strength = known.strength.get(name)
    if strength is None or strength.auc < TELLING_AUC:
        return None
    for other in leaks:
        pair = (known.groups[name], known.groups[other], known.label)
        values, filling = tie(*pair), filled_together(*pair)
        if values >= TIED or filling >= FILLED_TOGETHER:
            how = "goes together with" if values >= TIED else "is filled in together with"
            why = (
                f"When it was filled in is unknown, and it {how} the suspect field '{other}' even among leads of the "
                f"same outcome ({max(values, filling):.2f} of 1). {_UNTIL}"
            )
            return Suspicion(name, why, tied_to=other, tie=max(values, filling))
    return None
