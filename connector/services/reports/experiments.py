"""The page Experiments: what one would take, what is seen of those that run, and what came of former ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any
from uuid import UUID

from connector.errors import RejectedInput
from connector.services.champions import trying
from connector.services.context import Services
from connector.services.experiments import conducting, lining, planning
from connector.services.experiments.bringing import MEETINGS, REVENUE
from connector.services.experiments.conducting import Proposal, Wish
from connector.services.experiments.lining import Lines
from connector.services.reports.arms import ARMS, Arms
from connector.store import experiments, models
from connector.store.experiments import HOLDOUT, LINES, MODELS, Experiment

_CENT = Decimal("0.01")
UPLIFT_CONVERSIONS = 200
"""As ``scoring.experiments.uplift`` asks for; its library is not read for a sentence."""
USUAL_LIFT = Decimal("0.3")


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: what a lead brought in both arms, and the difference with an interval that holds at all looks together.

    ``low`` and ``high`` are None where too little was known to say anything.
    """

    at: datetime
    control: float
    treated: float
    low: float | None
    high: float | None
    leads: tuple[int, int]

    @property
    def difference(self) -> float:
        """Treated less control, a lead."""
        return self.treated - self.control


@dataclass(frozen=True, slots=True)
class Beside:
    """What else leads brought, by the newest look. Of money the figures are amounts a lead, in ``currency``."""

    label: str
    control: Decimal
    treated: Decimal
    low: Decimal | None
    high: Decimal | None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class WorthACall:
    """Who is worth a call because it changes something: quarters by predicted uplift, or why it is not known."""

    sentence: str
    quarters: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """An experiment with its looks, oldest first, and (added, counted) leads of both arms.

    ``held_out`` is the arm that is compared with: who is not shown, the champion's, those of the usual line.
    """

    experiment: Experiment
    looks: Sequence[Seen]
    beside: Sequence[Beside]
    held_out: tuple[int, int]
    shown: tuple[int, int]

    @property
    def worth_a_call(self) -> WorthACall | None:
        """What a holdout tells of whom calls change; None of other kinds."""
        if self.experiment.kind != HOLDOUT:
            return None
        last = self.experiment.looks[-1] if self.experiment.looks else {}
        found = last.get("uplift")
        if not found:
            control, treated = last.get("successes", (0, 0))
            return WorthACall(
                f"Not known: it takes {UPLIFT_CONVERSIONS} conversions in each arm, and there are {control:,} among "
                f"those held out and {treated:,} among those shown."
            )
        qini = f"Qini {found['qini']:+.4f} ({found['low']:+.4f} to {found['high']:+.4f}, 95 %)"
        if found["low"] <= 0:
            return WorthACall(f"Not known: no order of leads is surely better than chance at it. {qini}.")
        return WorthACall(
            f"Calling from the top of this order surely changes more than calling by chance. {qini}.", found["quarters"]
        )

    @property
    def arms(self) -> Arms:
        """The words for both arms."""
        return ARMS[self.experiment.kind]

    @property
    def verdict(self) -> str:
        """What may be said now, in one sentence."""
        # A week in which next to nothing became known says nothing of its own: what was said before it holds.
        last = next((look for look in reversed(self.looks) if look.low is not None), None)
        if last is None or last.low is None or last.high is None:
            return "Nothing can be said yet: too few leads had their whole time, or none of them converted."
        if last.low > 0:
            return self.arms.better
        if last.high < 0:
            return self.arms.worse
        least, most = f"{last.low * 100:+.1f}", f"{last.high * 100:+.1f}"
        return f"No difference is certain so far: it lies between {least} and {most} points."


@dataclass(frozen=True, slots=True)
class ExperimentsReport:
    """``proposal`` is what a new holdout would take, None while one runs; ``running`` and ``former`` as they are.

    ``for_each``: by what is counted, what finding the lift would take. ``waiting``: models that may be compared, with
    the ``models`` plan; ``lines``: the plan of the other line that was asked for; ``usual``: the line of now.
    """

    proposal: Proposal | None
    running: Sequence[Line]
    former: Sequence[Line]
    for_each: Sequence[planning.ForOutcome] = ()
    waiting: Sequence[str] = ()
    models: planning.Proposal | None = None
    lines: Lines | None = None
    usual: Decimal | None = None

    def runs(self, kind: str) -> bool:
        """Whether an experiment of this kind is running."""
        return any(line.experiment.kind == kind for line in self.running)


def experiments_report(
    services: Services, tenant_id: UUID, wish: Wish | None = None, line: lining.Wish | None = None
) -> ExperimentsReport:
    """Report a tenant's experiments; a holdout is planned for ``wish``, a comparison of lines for ``line``."""
    with services.store.reading(tenant_id) as session:
        # A canary has a page of its own: it is watched, and not compared by outcomes.
        told = [one for one in experiments.of_tenant(session, tenant_id) if one.kind == HOLDOUT or one.planned_leads]
        found = [_line(one, experiments.sizes(session, one)) for one in told]
        waiting = list(models.waiting(session, tenant_id))
        tried = experiments.running(session, tenant_id, MODELS)
        try:
            usual = Decimal(lining.usual_line(session, tenant_id)) / 10
        except RejectedInput:
            usual = None
    running = [one for one in found if one.experiment.ended_at is None]
    kinds = {one.experiment.kind for one in running}
    return ExperimentsReport(
        None if HOLDOUT in kinds else conducting.propose(services, tenant_id, wish or Wish()),
        running,
        [one for one in found if one not in running],
        planning.for_each(services, tenant_id, wish.share, wish.lift) if wish and HOLDOUT not in kinds else (),
        [] if tried else waiting,
        trying.propose(services, tenant_id, USUAL_LIFT) if waiting and not tried else None,
        lining.propose(services, tenant_id, line) if line and usual is not None and LINES not in kinds else None,
        usual,
    )


def experiment_lines(services: Services, tenant_id: UUID) -> Sequence[Line]:
    """Return every experiment of a tenant with what was seen of it, the newest first."""
    with services.store.reading(tenant_id) as session:
        return [_line(one, experiments.sizes(session, one)) for one in experiments.of_tenant(session, tenant_id)]


def _line(experiment: Experiment, sizes: Mapping[bool, tuple[int, int]]) -> Line:
    looks = [dict(look) for look in experiment.looks]
    times = [datetime.fromisoformat(look["at"]) for look in looks]
    seen = [
        Seen(at, one["control"], one["treated"], *_ends(look), one["leads"])
        for at, one, look in zip(times, looks, _looked(looks, experiment.planned_leads), strict=True)
    ]
    return Line(experiment, seen, _beside(experiment, looks), sizes.get(False, (0, 0)), sizes.get(True, (0, 0)))


def _looked(looks: Sequence[Mapping[str, Any]], planned: int) -> Sequence[Any]:
    if not looks:
        return ()
    # Imported here: the web process needs the library of statistics on this one page.
    from scoring.experiments import Comparison, looked

    return looked([Comparison.from_json(look) for look in looks], planned)


def _ends(look: Any) -> tuple[float | None, float | None]:
    return tuple(end if isfinite(end) else None for end in (look.low, look.high))  # type: ignore[return-value] # two


def _beside(experiment: Experiment, looks: Sequence[Mapping[str, Any]]) -> list[Beside]:
    """Meetings and money as the newest look told them, with intervals that hold at all looks together."""
    found = []
    for outcome, label in ((MEETINGS, "Meetings a lead"), (REVENUE, "Revenue a lead")):
        # Money is compared in one currency; where most amounts came to be in another one, looks begin anew.
        told = [look["beside"][outcome] for look in looks if outcome in look.get("beside", {})]
        if not told:
            continue
        told = [one for one in told if one.get("currency") == told[-1].get("currency")]
        low, high = (None if end is None else _exact(end) for end in _ends(_looked(told, experiment.planned_leads)[-1]))
        last = told[-1]
        figures = _exact(last["control"]), _exact(last["treated"])
        found.append(Beside(label, *figures, low, high, last.get("currency")))
    return found


def _exact(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_CENT)
