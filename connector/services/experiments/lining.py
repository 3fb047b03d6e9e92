"""Two High-Intent lines at once: half of the companies are banded by another line than the usual one.

Scores are the same in both arms; only the band differs, and with it what teams see of who came between the lines. Both
lines stay as they are until the end, whichever model scores meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts, numbers, pipeline
from connector.services.context import Services
from connector.services.experiments.beginning import drawn, key_mark
from connector.services.experiments.planning import Proposal, planned_for
from connector.store import experiments, ledger, models, tenants
from connector.store.experiments import LINES
from connector.store.tenants import Tenant

WEEKS_LOOKED_AT = 8
HALF = Decimal("0.5")


@dataclass(frozen=True, slots=True)
class Wish:
    """The other ``line``, in tenths of the score; the relative ``lift`` that is to be found."""

    line: int
    lift: Decimal


@dataclass(frozen=True, slots=True)
class Lines:
    """``usual`` in tenths of the score; ``proposal`` of who would come between both lines."""

    usual: int
    wish: Wish
    proposal: Proposal


def read_wish(form: Mapping[str, str]) -> Wish:
    """Read a form's fields; raises ``RejectedInput`` with the sentence for who filled it in."""
    try:
        tenths = Decimal(form.get("line", "").strip()) * 10
    except InvalidOperation:
        tenths = Decimal("NaN")
    if not tenths.is_finite() or not 0 < tenths <= 1_000:
        raise RejectedInput("The other line must be a score above 0 and up to 100, such as 62.5.")
    return Wish(int(tenths), numbers.share(form.get("lift", ""), "The lift to be found", Decimal("0.05"), Decimal(2)))


def usual_line(session: Connection, tenant_id: UUID) -> int:
    """Return where High-Intent begins by the model that scores, in tenths; raises ``RejectedInput`` without one."""
    # Imported here: the web process reads a model on this one page, and never loads it.
    from scoring.errors import BundleError
    from scoring.peek import high_line

    champion = models.champion(session, tenant_id)
    if champion is None:
        raise RejectedInput("There is no model yet, so that there is no line either.")
    try:
        return high_line(champion.artefact)
    except BundleError as error:
        raise RejectedInput(f"{champion.version} can't be read: {error} Start a training run.") from None


def propose(services: Services, tenant_id: UUID, wish: Wish) -> Lines:
    """Plan a trial of another line by the leads of the last weeks; raises ``RejectedInput`` where there is no model."""
    with services.store.reading(tenant_id) as session:
        return _proposed(services, session, tenants.get(session, tenant_id), wish)


def _proposed(services: Services, session: Connection, tenant: Tenant, wish: Wish) -> Lines:
    usual = usual_line(session, tenant.id)
    since = services.clock.now() - timedelta(weeks=WEEKS_LOOKED_AT)
    between = (Decimal(min(usual, wish.line)) / 10, Decimal(max(usual, wish.line)) / 10)
    found = experiments.recent(session, tenant.id, since, scores_in=between)
    proposal = planned_for(found, WEEKS_LOOKED_AT, tenant.settings.horizon_days, HALF, wish.lift)
    return Lines(usual, wish, proposal)


def begin(services: Services, tenant_id: UUID, wish: Wish) -> None:
    """Band half of the companies by the other line from now on; raises ``RejectedInput`` where it can't be planned."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        tenant = tenants.get(session, tenant_id)
        lines = _proposed(services, session, tenant, wish)
        if lines.proposal.refused:
            raise RejectedInput(lines.proposal.refused)
        if experiments.running(session, tenant_id, LINES):
            raise RejectedInput("Two lines are being compared already: end that first.")
        plan = lines.proposal.to_json() | {"lift": float(wish.lift)}
        kind = {"kind": LINES, "line": wish.line, "usual_line": lines.usual}
        fresh = drawn(tenant, HALF, lines.proposal.leads, plan, services.clock.now(), **kind)
        experiments.begin(session, fresh)
        acts.record(
            services,
            session,
            tenant_id,
            "begin trial of a line",
            experiment=str(fresh.id),
            line=wish.line,
            usual_line=lines.usual,
            key_sha256=key_mark(fresh),
            leads=lines.proposal.leads,
        )
        ready = pipeline.start(services, session, tenant_id, pipeline.REFRESH)
    services.wake_all(ready)
