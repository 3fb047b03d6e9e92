"""What people of a tenant do in the weeks after the installation, so that no page of it is empty."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import sqlalchemy as sa

from connector.demo.show import _calendar
from connector.records import Role, Tier
from connector.services import acts
from connector.services.access import inviting
from connector.services.api import keys
from connector.services.context import Services
from connector.services.digest import addresses
from connector.services.digest.addresses import Kind as Told
from connector.services.drift import watching
from connector.services.enrichment import sources, uploading
from connector.services.enrichment.sources import UPLOAD
from connector.services.experiments import conducting
from connector.services.feedback import excluding, overriding, rating
from connector.services.feedback.rating import Thumb
from connector.services.kpis import spending
from connector.services.objectives import contract, signing
from connector.services.tracking import collecting, sites
from connector.store import exclusions, objectives, webhook_endpoints
from connector.store.tables import leads as lead_table
from connector.store.tables import records as record_table
from connector.store.tables import scores as score_table
from connector.store.webhook_endpoints import Endpoint

SPEND = "month,channel,amount,currency\n{month},Paid search,4200,EUR\n{month},Webinar,1800,EUR\n"


def fill(services: Services, tenant_id: UUID) -> None:
    """Let one thing of each kind be there."""
    with acts.asked_by("Ana Castro"):
        _say_of_scores(services, tenant_id)
        _agree(services, tenant_id)
        _open_doors(services, tenant_id)
        _tell_of_companies(services, tenant_id)
        _visit(services, tenant_id)
        _experiment(services, tenant_id)
    watching.watch(services, tenant_id)
    _calendar(services, tenant_id)


def best_leads(services: Services, tenant_id: UUID, count: int) -> list[int]:
    """The leads with the highest scores."""
    query = sa.select(score_table.c.lead_id).where(score_table.c.tenant_id == tenant_id)
    query = query.order_by(score_table.c.score.desc(), score_table.c.lead_id).limit(count)
    with services.store.reading(tenant_id) as session:
        return list(session.execute(query).scalars())


def known_to_all(services: Services, tenant_id: UUID) -> int:
    """The lead with the highest score of those whom every account knows."""
    record = record_table.c
    accounts = sa.func.count(sa.distinct(record.connection_id))
    query = sa.select(score_table.c.lead_id).join(record_table, record.lead_id == score_table.c.lead_id)
    query = query.where(score_table.c.tenant_id == tenant_id).group_by(score_table.c.lead_id)
    query = query.order_by(accounts.desc(), sa.func.max(score_table.c.score).desc()).limit(1)
    with services.store.reading(tenant_id) as session:
        return int(session.execute(query).scalar_one())


def _say_of_scores(services: Services, tenant_id: UUID) -> None:
    first, second = best_leads(services, tenant_id, 2)
    rating.rate(services, tenant_id, first, Thumb(True, "talked", "Wants a proposal by the end of the month."))
    rating.rate(services, tenant_id, second, Thumb(False, "bad_time"))
    until = services.clock.now() + timedelta(days=30)
    wish = overriding.Wish(Tier.MEDIUM, Decimal(55), "timing", "Their budget is decided in spring.", until)
    overriding.set_by_hand(services, tenant_id, _below_the_first(services, tenant_id), wish)
    excluding.exclude(services, tenant_id, excluding.Wish(exclusions.Kind.DOMAIN, "competitor", domain="rival.com"))


def _below_the_first(services: Services, tenant_id: UUID) -> int:
    """The best lead that heads no account's list: whoever does is looked up in the CRM with the model's score."""
    record = record_table.c
    query = sa.select(record.connection_id, score_table.c.lead_id)
    query = query.join(score_table, record.lead_id == score_table.c.lead_id)
    query = query.where(score_table.c.tenant_id == tenant_id)
    with services.store.reading(tenant_id) as session:
        rows = session.execute(query.order_by(score_table.c.score.desc(), score_table.c.lead_id.desc())).all()
    heads: dict[UUID, int] = {}
    for row in rows:
        heads.setdefault(row.connection_id, row.lead_id)
    return next(row.lead_id for row in rows if row.lead_id not in heads.values())


def _agree(services: Services, tenant_id: UUID) -> None:
    """A signed version of the objectives, and the draft of the next."""
    wanted = contract.from_settings(signing.settings_of(services, tenant_id))
    wanted = replace(wanted, channels=("Webinar",), precision=0.3, coverage=0.6)
    signing.draft(services, tenant_id, wanted, "What sales and marketing agreed on in March.")
    with services.store.reading(tenant_id) as session:
        held = objectives.draft(session, tenant_id)
    assert held
    signing.sign(services, tenant_id, signing.mark(held))
    signing.draft(services, tenant_id, replace(wanted, precision=0.35), "The first quarter went better than expected.")


def _open_doors(services: Services, tenant_id: UUID) -> None:
    keys.add(services, tenant_id, "Dashboard", ["models:read", "leads:read"])
    addresses.add(services, tenant_id, Told.EMAIL, "sales@example.com", None)
    now = services.clock.now()
    receiver = Endpoint(uuid4(), tenant_id, "https://hooks.example.com/scores", "", now, now)
    with services.store.transaction(tenant_id) as session:
        # Added here and not by its service, which would look the name up.
        webhook_endpoints.add(session, replace(receiver, paused_at=now))
    inviting.invite_as_operator(services, tenant_id, "Rui Lopes", Role.ANALYST)


def _tell_of_companies(services: Services, tenant_id: UUID) -> None:
    sources.turn_on(services, tenant_id, UPLOAD)
    uploading.upload(services, tenant_id, b"domain,employees,industry\nfirm1.example.com,250,Software\n")
    last_month = services.clock.now().replace(day=1) - timedelta(days=1)
    spending.upload(services, tenant_id, SPEND.format(month=f"{last_month:%Y-%m}").encode())


def _visit(services: Services, tenant_id: UUID) -> None:
    site = sites.add(services, tenant_id, "Shop", ["https://shop.example.com"]).site
    events = [
        {"id": f"visit-{n:04}", "type": "page", "path": f"/pricing/{n}", "visitor": "visitor-0001"} for n in range(5)
    ]
    collecting.from_server(services, site, json.dumps({"events": events}).encode())


def _experiment(services: Services, tenant_id: UUID) -> None:
    wish = conducting.Wish(Decimal("0.4"), Decimal("1.5"))
    if conducting.propose(services, tenant_id, wish).refused is None:
        conducting.begin(services, tenant_id, wish, consent=True)


def leads_of_all_kinds(services: Services, tenant_id: UUID) -> list[int]:
    """The best lead, one that was rated down, one that was set by hand, the worst, and one without a score."""
    scored, all_leads = score_table.c.lead_id, lead_table.c
    worst = sa.select(scored).where(score_table.c.tenant_id == tenant_id).order_by(score_table.c.score, scored)
    without = sa.select(all_leads.id).where(all_leads.tenant_id == tenant_id, all_leads.id.not_in(sa.select(scored)))
    by_hand = sa.select(scored).where(score_table.c.tenant_id == tenant_id, score_table.c.by_hand.is_not(None))
    with services.store.reading(tenant_id) as session:
        few = [session.execute(query.limit(1)).scalar() for query in (by_hand, worst, without.order_by(all_leads.id))]
    return best_leads(services, tenant_id, 2) + [lead for lead in few if lead is not None]
