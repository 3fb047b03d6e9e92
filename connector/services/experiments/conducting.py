"""Begin and end an experiment, on the record: with whose consent, under which key, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from connector.errors import RejectedInput
from connector.services import acts, numbers, pipeline
from connector.services.context import Services
from connector.services.experiments.beginning import drawn, key_mark
from connector.store import experiments, ledger, tenants
from connector.store.experiments import Experiment
from connector.store.tenants import Tenant

LEAST_SHARE, MOST_SHARE = Decimal("0.05"), Decimal("0.5")
USUAL_SHARE, USUAL_LIFT = Decimal("0.1"), Decimal("0.3")
WEEKS_LOOKED_AT = 8
LONGEST_DAYS = 730


@dataclass(frozen=True, slots=True)
class Wish:
    """``share`` of the companies that is held out; the relative ``lift`` that is to be found."""

    share: Decimal = USUAL_SHARE
    lift: Decimal = USUAL_LIFT


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an experiment would take, or ``refused``: the sentence that says why it can't be planned.

    ``rate`` is the chance that a High-Intent lead has by the model; ``hot_a_week`` such leads come, of whom
    ``hidden_a_month`` would not be shown; ``leads``, ``weeks`` and ``days`` as :class:`scoring.experiments.Plan` says.
    """

    wish: Wish
    rate: float = 0.0
    hot_a_week: float = 0.0
    hidden_a_month: int = 0
    company_leads: float = 1.0
    leads: int = 0
    weeks: int = 0
    days: int = 0
    refused: str | None = None


def read_wish(form: Mapping[str, str]) -> Wish:
    """Read percentages of a form; raises ``RejectedInput`` with the sentence for who filled it in."""
    share = numbers.share(form.get("share", ""), "The share that is held out", LEAST_SHARE, MOST_SHARE)
    return Wish(share, numbers.share(form.get("lift", ""), "The lift to be found", Decimal("0.05"), Decimal(2)))


def propose(services: Services, tenant_id: UUID, wish: Wish) -> Proposal:
    """Plan an experiment by the leads of the last weeks."""
    with services.store.reading(tenant_id) as session:
        return _proposed(services, session, tenants.get(session, tenant_id), wish)


def _proposed(services: Services, session: Connection, tenant: Tenant, wish: Wish) -> Proposal:
    # Imported here: the web process needs the library of statistics on this one page.
    from scoring.experiments import planned

    since = services.clock.now() - timedelta(weeks=WEEKS_LOOKED_AT)
    found = experiments.recent_hot(session, tenant.id, since)
    if not found.leads:
        return Proposal(
            wish, refused="No lead that came in the last eight weeks is High-Intent: there is none to hold out."
        )
    a_week, company_leads = found.leads / WEEKS_LOOKED_AT, found.leads / found.companies
    hidden = round(a_week * 52 / 12 * float(wish.share))
    rate = float(found.rate)
    try:
        plan = planned(
            rate=rate,
            lift=float(wish.lift),
            held_out=float(wish.share),
            leads_a_week=a_week,
            horizon_days=tenant.settings.horizon_days,
            company_leads=company_leads,
        )
    except ValueError as impossible:
        return Proposal(wish, rate, a_week, hidden, company_leads, refused=str(impossible))
    refused = None
    if plan.days > LONGEST_DAYS:
        refused = (
            f"It would take {plan.days / 365:.1f} years to find a lift of {wish.lift * 100:.0f} % with so few leads. "
            "Hold more out, or look for a larger lift."
        )
    return Proposal(wish, rate, a_week, hidden, company_leads, plan.leads, plan.weeks, plan.days, refused)


def begin(services: Services, tenant_id: UUID, wish: Wish, *, consent: bool) -> None:
    """Hold newcomers out from now on; raises ``RejectedInput`` without consent, or where one runs or none is possible.

    The record names the key's hash; its end reveals the key, so that everybody can check who was drawn.
    """
    if not consent:
        raise RejectedInput("Nothing was begun: please agree that the leads named above are not shown.")
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        tenant = tenants.get(session, tenant_id)
        proposal = _proposed(services, session, tenant, wish)
        if proposal.refused:
            raise RejectedInput(proposal.refused)
        plan = {name: value for name, value in asdict(proposal).items() if name not in ("wish", "refused")}
        fresh = drawn(tenant, wish.share, proposal.leads, plan | {"lift": float(wish.lift)}, now)
        try:
            experiments.begin(session, fresh)
        except IntegrityError:
            raise RejectedInput("An experiment is running already: end it first.") from None
        acts.record(
            services,
            session,
            tenant_id,
            "begin experiment",
            experiment=str(fresh.id),
            share=str(wish.share),
            key_sha256=key_mark(fresh),
            hidden_a_month=proposal.hidden_a_month,
            leads=proposal.leads,
        )


def end(services: Services, tenant_id: UUID, kind: str = experiments.HOLDOUT) -> None:
    """Treat everybody alike again, beginning with a refresh now; raises ``RejectedInput`` where none runs."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        experiment = experiments.running(session, tenant_id, kind)
        if experiment is None:
            raise RejectedInput("No experiment is running.")
        ready = close(services, session, experiment, "ended before its time")
    services.wake_all(ready)


def close(services: Services, session: Connection, experiment: Experiment, why: str) -> pipeline.Ready:
    """End a holdout or a trial of lines, on the record; return the refresh that writes what everybody gets now."""
    now = services.clock.now()
    experiments.change(session, experiment, ended_at=now, closed_at=experiment.closed_at or now)
    acts.record(
        services,
        session,
        experiment.tenant_id,
        "end experiment",
        experiment=str(experiment.id),
        why=why,
        key=experiment.key,
    )
    return pipeline.start_unless_waiting(services, session, experiment.tenant_id)
