"""The page Experiments: what one would take, what is seen of the running one, and what came of former ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from uuid import UUID

from connector.services.context import Services
from connector.services.experiments.conducting import Proposal, Wish, propose
from connector.store import experiments
from connector.store.experiments import Experiment


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: both rates, and the difference with an interval that holds at all looks together.

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
        """Shown less held out, a lead."""
        return self.treated - self.control


@dataclass(frozen=True, slots=True)
class Line:
    """An experiment with its looks, oldest first, and (added, counted) leads of the arms (held out, shown)."""

    experiment: Experiment
    looks: Sequence[Seen]
    held_out: tuple[int, int]
    shown: tuple[int, int]

    @property
    def verdict(self) -> str:
        """What may be said now, in one sentence."""
        last = self.looks[-1] if self.looks else None
        if last is None or last.low is None or last.high is None:
            return "Nothing can be said yet: too few leads had their whole time, or none of them converted."
        if last.low > 0:
            return "Leads whose score is shown convert more often: the scores are worth something to your team."
        if last.high < 0:
            return "Leads whose score is shown convert less often. Look at what your team does with them, or end this."
        least, most = f"{last.low * 100:+.1f}", f"{last.high * 100:+.1f}"
        return f"No difference is certain so far: it lies between {least} and {most} points."


@dataclass(frozen=True, slots=True)
class ExperimentsReport:
    """``proposal`` is what a new one would take, None while one runs; ``running`` and ``former`` are there as known."""

    proposal: Proposal | None
    running: Line | None
    former: Sequence[Line]


def experiments_report(services: Services, tenant_id: UUID, wish: Wish | None = None) -> ExperimentsReport:
    """Report a tenant's experiments; a new one is planned for ``wish``."""
    lines = experiment_lines(services, tenant_id)
    running = next((line for line in lines if line.experiment.ended_at is None), None)
    proposal = None if running else propose(services, tenant_id, wish or Wish())
    return ExperimentsReport(proposal, running, [line for line in lines if line is not running])


def experiment_lines(services: Services, tenant_id: UUID) -> Sequence[Line]:
    """Return every experiment of a tenant with what was seen of it, the newest first."""
    with services.store.reading(tenant_id) as session:
        return [_line(one, experiments.sizes(session, one)) for one in experiments.of_tenant(session, tenant_id)]


def _line(experiment: Experiment, sizes: Mapping[bool, tuple[int, int]]) -> Line:
    return Line(experiment, _seen(experiment), sizes.get(False, (0, 0)), sizes.get(True, (0, 0)))


def _seen(experiment: Experiment) -> list[Seen]:
    if not experiment.looks:
        return []
    # Imported here: the web process needs the library of statistics on this one page.
    from scoring.experiments import Comparison, looked

    told = [dict(look) for look in experiment.looks]
    times = [datetime.fromisoformat(look.pop("at")) for look in told]
    found = [Comparison(**{**look, "units": tuple(look["units"]), "leads": tuple(look["leads"])}) for look in told]
    return [
        Seen(
            at,
            look.comparison.control,
            look.comparison.treated,
            look.low if isfinite(look.low) else None,
            look.high if isfinite(look.high) else None,
            look.comparison.leads,
        )
        for at, look in zip(times, looked(found, experiment.planned_leads), strict=True)
    ]
