"""By which model, and by which High-Intent line, a lead is scored: the one place where that is decided.

Mostly everybody is scored by the champion. Where a trial runs, companies fall to its arms by the trial's keyed hash
(a lead without a company by itself), whoever asks: a run, the real-time lane, a question about one lead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import NeedsAdmin
from connector.store import experiments, leads, models
from connector.store.experiments import Experiment


@dataclass(frozen=True, slots=True)
class Way:
    """A model by its name and hash. ``line``: the least score of High-Intent, in tenths, where a trial sets it."""

    version: str
    sha256: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Draw:
    """How companies fall to the arms of a trial."""

    id: UUID
    key: str
    share: Decimal

    def takes(self, lead_id: int, company_key: str | None) -> bool:
        """Whether a lead falls to the arm that is tried."""
        return treated(self.key, self.share, lead_id, company_key)[1]


def treated(key: str, share: Decimal, lead_id: int, company_key: str | None) -> tuple[str, bool]:
    """Return the unit that a lead belongs to, and whether it falls to the arm of this ``share``."""
    # Imported here: whoever runs no experiment needs no library of statistics.
    from scoring.experiments.assignment import place, unit_of

    unit = unit_of(key, company_key or f"lead:{lead_id}")
    return unit, place(unit) < float(share)


@dataclass(frozen=True, slots=True)
class Serving:
    """What scores now. Two of them are equal where nobody is scored otherwise by the one than by the other."""

    champion: tuple[str, str]
    challenger: tuple[str, str] | None = None
    by_model: Draw | None = None
    lines: tuple[int, int] | None = None
    by_line: Draw | None = None

    @property
    def divided(self) -> bool:
        """Whether not everybody is scored alike."""
        return self.by_model is not None or self.by_line is not None

    def way_of(self, lead_id: int, company_key: str | None) -> Way:
        """Return how a lead of a company is scored."""
        model = self.champion
        if self.by_model is not None and self.challenger is not None and self.by_model.takes(lead_id, company_key):
            model = self.challenger
        line = None
        if self.by_line is not None and self.lines is not None:
            line = self.lines[self.by_line.takes(lead_id, company_key)]
        return Way(*model, line)

    def parted(
        self, session: Connection, tenant_id: UUID, lead_ids: Sequence[int] | None = None
    ) -> Mapping[Way, Sequence[int] | None]:
        """Part leads (None: all of the tenant) by how they are scored; None as value: whoever was asked for."""
        if not self.divided:
            return {Way(*self.champion): lead_ids}
        found: dict[Way, list[int]] = {}
        for lead, company in leads.companies_of(session, tenant_id, lead_ids).items():
            found.setdefault(self.way_of(lead, company), []).append(lead)
        return found or {Way(*self.champion): []}


def serving(session: Connection, tenant_id: UUID) -> Serving | None:
    """Return what scores a tenant's leads now; None before the first model."""
    found = experiments.champion_and_running(session, tenant_id)
    if found is None:
        return None
    champion, running = found
    tried, lined = running.get(experiments.MODELS), running.get(experiments.LINES)
    challenger = models.named(session, tenant_id, tried.challenger) if tried and tried.challenger else None
    return Serving(
        champion,
        challenger,
        _draw(tried) if tried and challenger else None,
        (lined.usual_line, lined.line) if lined and lined.usual_line is not None and lined.line is not None else None,
        _draw(lined) if lined else None,
    )


def required(session: Connection, tenant_id: UUID) -> Serving:
    """The same; raises ``NeedsAdmin`` where there is no model yet."""
    found = serving(session, tenant_id)
    if found is None:
        raise NeedsAdmin("There is no model to score by.", remedy="Start a training run.")
    return found


def strays(
    session: Connection,
    tenant_id: UUID,
    running: Mapping[str, Experiment],
    by: tuple[str, int | None],
    lead_ids: Sequence[int],
) -> set[int]:
    """Return those of ``lead_ids`` that are to be scored otherwise than ``by`` this version and line.

    They fell to another arm since their score was made: their company is another one by now. Stays true until the
    transaction ends where the tenant's ledger is held. ``running``: the tenant's experiments.
    """
    if not running.keys() & {experiments.MODELS, experiments.LINES}:
        return set()
    found = serving(session, tenant_id)
    if found is None or not found.divided:
        return set()
    return {
        lead
        for lead, company in leads.companies_of(session, tenant_id, lead_ids).items()
        if (way := found.way_of(lead, company)) and (way.version, way.line) != by
    }


def _draw(trial: Experiment) -> Draw:
    return Draw(trial.id, trial.key, trial.share)
