"""Forms for every route of the pages that is sent one, in an order in which each finds what it needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from connector.services import pipeline
from connector.services.enrichment import sources
from connector.services.objectives import contract, signing
from connector.services.privacy import erasing
from connector.services.privacy.elsewhere import TEXTS
from connector.store import models, objectives, outbox, runs
from connector.store.connections import Health
from connector.store.models import Decided, ModelVersion
from connector.store.tables import leads, ledger, scores
from connector.store.tables import outbox as waiting
from tests.services.objectives.test_objectives import FORM as OBJECTIVES
from tests.unit.web.site import Site
from tests.unit.web.test_isolation import OWNED
from tests.world import NOW

UNRECORDED = {
    "lead_list.search": "shows what the list shows, and what is searched for is kept nowhere",
    "lead_list.keep": "a view is its user's own, and nobody else's work goes by it",
    "lead_list.remove": "as keeping one",
    "leads.suppose": "shows what a score would be; nothing is kept or written",
}
"""Routes that are sent forms and leave no entry, each with its reason."""

Prepare = Callable[[Site], object]


def _nothing(site: Site) -> None:
    """Most acts need nothing before them."""


@dataclass(frozen=True)
class Act:
    """A form that is sent. ``of``: the address, where it is not that of the isolation's rules."""

    endpoint: str
    form: Mapping[str, Any] = field(default_factory=dict)
    before: Prepare = _nothing
    of: Callable[[Site], dict[str, Any]] | None = None
    after: Prepare = _nothing


def _rest(site: Site) -> None:
    """Let the runs that wait be done with, so that others may begin."""
    services, tenant = site.world.services, site.tenant_of("101")
    site.world.clock.at += timedelta(minutes=1)
    with services.store.transaction() as session:
        run = runs.latest(session, tenant)
        assert run
        runs.finish(session, run.id, services.clock.now())


def _stop(site: Site) -> None:
    job = pipeline.claim(site.world.services, site.world.woken[-1][1])
    assert job
    pipeline.park(job, "The field has another type.", Health.NEEDS_ADMIN)


def _newcomers(site: Site) -> None:
    """Let everybody have come just now, and convert often: then an experiment can end."""
    with site.world.services.store.transaction() as session:
        session.execute(sa.update(leads).values(created_at=site.world.clock.now()))
        session.execute(sa.update(scores).values(probability=Decimal("0.5")))


def _waiting(name: str) -> Callable[[Site], dict[str, Any]]:
    """A model of this name that waits for approval."""

    def made(site: Site) -> dict[str, Any]:
        model = ModelVersion(name, NOW, 1, b"", name, {}, NOW)
        with site.world.services.store.transaction() as session:
            models.keep(session, site.tenant_of("101"), model, models.WAITING, Decided({"sentence": "It waits."}, NOW))
        return {"version": name}

    return made


def _drafted(site: Site) -> None:
    """Let an analyst have drafted objectives; who signs them must have read them."""
    services, tenant = site.world.services, site.tenant_of("101")
    wanted = contract.read_form(OBJECTIVES, signing.settings_of(services, tenant))
    signing.draft(services, tenant, wanted, "Why not")


def _mark(site: Site, account: str) -> str:
    with site.world.services.store.reading() as session:
        held = objectives.draft(session, site.tenant_of(account))
    assert held
    return signing.mark(held)


def _scored_lead(site: Site, account: str) -> str:
    query = sa.select(scores.c.lead_id).where(scores.c.tenant_id == site.tenant_of(account)).limit(1)
    with site.world.services.store.reading() as session:
        return str(session.execute(query).scalar_one())


def _provider(site: Site) -> None:
    sources.turn_on(site.world.services, site.tenant_of("101"), "pdl", key="se-cret")


def newest(site: Site) -> int:
    """The number of the tenant's newest entry."""
    with site.world.services.store.reading() as session:
        mine = ledger.c.tenant_id == site.tenant_of("101")
        return int(session.execute(sa.select(sa.func.max(ledger.c.seq)).where(mine)).scalar_one())


def _in_outbox(status: str) -> Prepare:
    """Let a record's values wait as refused, or be left to who overwrote them."""

    def put(site: Site) -> None:
        tenant, now = site.tenant_of("101"), site.world.clock.now()
        (record,) = OWNED["people.set_apart"].of(site, "101").values()
        row = {"record_id": record, "tenant_id": tenant, "connection_id": site.connection("101").id, "ledger_seq": 1}
        row |= {
            "attempts": 6,
            "status": status,
            "message": "No.",
            "due_at": now,
            "values": {"updated_at": now.isoformat()},
        }
        with site.world.services.store.transaction() as session:
            outbox.put(session, [row])
            session.execute(sa.update(waiting).where(waiting.c.record_id == record).values(status=status))

    return put


def _carry_out_erasures(site: Site) -> None:
    for erasure in erasing.due(site.world.services):
        erasing.carry_out(site.world.services, erasure)


TRIAL = {"share": "50", "days": "7", "limit": "25"}
ACTS = (
    Act("connections.refresh", before=_rest),
    Act("connections.retrain", before=_rest),
    Act("connections.resume", before=_stop),
    Act("connections.choose", {"name": "greeting", "value": "hello"}),
    Act("connections.replay", before=_in_outbox("dead")),
    Act("connections.reset", before=_in_outbox("respected")),
    Act(
        "settings.choose_band",
        {
            "high_intent": "share",
            "high_intent_share": "20",
            "capacity": "50",
            "complexity": "full",
            "high_intent_probability": "50",
        },
    ),
    Act("settings.choose_learning", {"seller_activity": "on"}),
    Act("settings.choose_text", {"field": "city"}),
    Act("settings.choose_step", {"minimum_step": "2.5"}),
    Act("settings.choose_scale", {"scale": "1"}),
    Act("settings.choose_fairness", {"field": "city", "on": "on"}),
    Act("settings.choose_pooling", {"on": "on"}),
    Act("audit.export"),
    Act("audit.verify"),
    Act("goal.choose"),
    Act("setup.go_through", {"step": "found"}),
    Act("feedback.rate", {"reason": "down:other"}),
    Act("feedback.override", {"tier": "Low", "score": "12.5", "reason": "timing"}),
    Act("feedback.release"),
    Act("feedback.exclude_lead", {"reason": "partner"}),
    Act("feedback.exclude", {"kind": "domain", "value": "rival.example.com", "reason": "competitor"}),
    Act("feedback.include"),
    Act("feedback.upload", {"file": "kind,value,reason\ncompany,rival.org,competitor\n"}),
    Act("feedback.choose", {"values": "keep"}),
    Act("experiments.begin", {"share": "30", "lift": "50", "consent": "yes"}, before=_newcomers),
    Act("experiments.end", {"kind": "holdout"}),
    Act("experiments.begin_lines", {"line": "62.5", "lift": "50"}),
    Act("experiments.begin_models", of=_waiting("model_compared")),
    Act(
        "versions.choose",
        {"retrain_days": "1", "retrain_growth": "50", "churn_cap": "10", "canary_days": "0", "canary_share": "10"},
    ),
    Act("versions.withdraw"),
    Act("versions.refuse", of=_waiting("model_refused")),
    Act("versions.begin_trial", TRIAL, of=_waiting("model_tried")),
    Act("versions.promote"),
    Act("versions.approve", of=_waiting("model_approved")),
    Act("versions.roll_back"),
    Act("reports.make"),
    Act("reports.sign"),
    Act("kpis.make"),
    Act("kpis.take", {"file": "month,channel,amount,currency\n2026-01,Fair,10.50,EUR\n"}),
    Act("objectives.draft", OBJECTIVES | {"why": "First"}),
    Act("objectives.discard"),
    Act("objectives.sign", {"read": _mark}, before=_drafted),
    Act("pitfalls.look"),
    Act("capacity.choose", {"per_rep": "5", "reps": "3"}),
    Act("digest.add", {"kind": "email", "address": "ana@alpha.example"}),
    Act("digest.remove"),
    Act("webhooks_out.add", {"url": "https://93.184.216.34/hook"}),
    *(
        Act(f"webhooks_out.{one}")
        for one in ("renew_secret", "end_former_secret", "pause", "resume", "replay", "send_test", "remove")
    ),
    Act("api_keys.add", {"name": "Reports", "scope": "models:read"}),
    Act("api_keys.rotate"),
    Act("api_keys.revoke"),
    Act("drift.choose", {"retrain_on_drift": "yes"}),
    Act("drift.accept"),
    Act("fields.decide"),
    Act("fields.decide_elsewhere", {"choice": "allow"}, of=lambda _site: {"name": TEXTS}),
    Act("fields.unprofile", {"field": "fakecrm.city", "value": "Porto"}),
    Act("lead_list.rate", {"thumb": "down:other", "lead": _scored_lead}),
    Act("lead_list.score_again", {"lead": _scored_lead}),
    Act("lead_list.leave_out", {"left_out": "partner", "lead": _scored_lead}),
    Act("lead_list.export"),
    Act("people.set_apart"),
    Act("people.let_join"),
    Act("privacy.held"),
    Act("privacy.object_to"),
    Act("privacy.allow"),
    Act("privacy.erase", after=_carry_out_erasures),
    Act(
        "publication.choose",
        {"delivery": "approve", "overwritten": "respect", "first_records": "", "nightly_cap": "1500"},
    ),
    Act("publication.approve"),
    Act("publication.release"),
    Act("publication.withdraw"),
    Act("publication.look"),
    Act("enrichment.turn_on", {"source": "upload"}),
    Act("enrichment.take", {"file": "domain,employees\nfirm.org,12\n"}),
    Act("enrichment.turn_off", {"source": "upload"}),
    Act("enrichment.forget", {"source": "upload"}),
    Act("enrichment.try_again", {"source": "pdl"}, before=_provider),
    Act("tracking.add", {"name": "Shop", "origins": "https://shop.alpha.example"}),
    Act("tracking.replace_secret"),
    Act("tracking.change_origins", {"origins": "https://new.alpha.example"}),
    Act("access.invite", {"name": "Eva", "role": "viewer"}),
    Act("access.withdraw"),
    Act("access.change", {"name": "Eva", "role": "analyst"}),
    Act("access.remove"),
    Act("connections.disconnect", {"values": "leave"}),
)
"""In an order in which each finds what it needs."""
