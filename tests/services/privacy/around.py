"""What is held of the planted person beside what their CRM told: by users, by the API, on the way out, of a company."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import uuid4

import sqlalchemy as sa

from connector.records import Tier
from connector.services.api import keys, recomputing, repeating, uses
from connector.services.api.keys import Scope
from connector.services.api.repeating import Answer
from connector.services.feedback import overriding, rating
from connector.services.feedback.overriding import Wish
from connector.services.feedback.rating import Thumb
from connector.services.forecasts import weekly
from connector.services.webhooks_out.changes import TIER_CHANGED, new_event
from connector.store import (
    enriched,
    enrichment,
    exclusions,
    experiments,
    lookbacks,
    models,
    successions,
    tenants,
    webhook_endpoints,
    webhook_events,
)
from connector.store.enriched import Fact, Outcome
from connector.store.enrichment import Source
from connector.store.exclusions import Kind
from connector.store.experiments import Experiment
from connector.store.lookbacks import Look
from connector.store.successions import Left
from connector.store.tables import lead_marks, records
from connector.store.webhook_endpoints import Endpoint
from tests.services.privacy.planted import MARK, PERSON, Machine

DOMAIN = f"{MARK}-firm.com"
NOTE = f"The {MARK}boat is theirs"
"""A word that is no name of theirs, which a note would be kept without."""
ENDED = 900_001
"""A lead that the person was before."""


def plant(made: Machine) -> None:
    """Hold all of it; nobody works on what it set off."""
    lead_id = made.lead_id()
    assert lead_id
    _by_users(made, lead_id)
    _by_the_api(made, lead_id)
    _on_lists(made, lead_id)
    _on_the_way_out(made, lead_id)
    _of_the_company(made)
    _of_former_times(made, lead_id)


def _by_users(made: Machine, lead_id: int) -> None:
    services, tenant_id, now = made.world.services, made.tenant_id, made.world.clock.now()
    rating.rate(services, tenant_id, lead_id, Thumb(False, "other", NOTE))
    overriding.set_by_hand(services, tenant_id, lead_id, Wish(Tier.HIGH_INTENT, Decimal("99.5"), "strategic", NOTE))
    # By the store alone: an exclusion lets go of the score, which an erasure is to find.
    which = uuid4()
    row = {"id": which, "tenant_id": tenant_id, "kind": Kind.LEAD, "value": None, "reason": "other", "note": NOTE}
    with services.store.transaction(tenant_id) as session:
        whose = session.execute(sa.select(records.c.id).where(records.c.vendor_id == PERSON)).scalar_one()
        exclusions.add(session, [row | {"record_id": whose, "made_by": "somebody", "made_at": now}])
        exclusions.mean(session, tenant_id, [lead_id], {lead_id: [which]})


def _by_the_api(made: Machine, lead_id: int) -> None:
    services = made.world.services
    secret = keys.add(services, made.tenant_id, "Theirs", [Scope.SCORES_READ]).secret
    caller = keys.caller_of(services, secret)
    place = repeating.begin(services, caller, "once", "query", b"{}")
    assert not isinstance(place, Answer)
    repeating.keep(services, place, Answer(200, {}, f'{{"name": "{MARK}"}}'.encode()))
    assert uses.record(services, caller, "score", [lead_id], f"{MARK}-request")
    recomputing.ask(services, caller, [lead_id])


def _on_lists(made: Machine, lead_id: int) -> None:
    services, tenant_id, now = made.world.services, made.tenant_id, made.world.clock.now()
    with services.store.transaction(tenant_id) as session:
        settings = tenants.get(session, tenant_id).settings
        tenants.save_settings(session, tenant_id, replace(settings, capacity=10_000))
    assert weekly.seal(services, tenant_id)
    trial = Experiment(uuid4(), tenant_id, Decimal("0.2"), "key", "goal", 30, 10, {}, now, None, now, [])
    with services.store.transaction(tenant_id) as session:
        experiments.begin(session, trial)
        experiments.add(session, trial, {lead_id: ("a keyed hash", True)}, now)
        champion = models.champion_name(session, tenant_id)
        assert champion
        lookbacks.save(session, tenant_id, champion[0], [Look(lead_id, 7, True, "won", now, 500, None)])


def _on_the_way_out(made: Machine, lead_id: int) -> None:
    tenant_id, now = made.tenant_id, made.world.clock.now()
    address = Endpoint(uuid4(), tenant_id, "https://hooks.example.com", "", now, now)
    told = {"lead_id": lead_id, "reasons": [f"Lives in {MARK} city"]}
    with made.world.services.store.transaction(tenant_id) as session:
        webhook_endpoints.add(session, address)
        webhook_events.add(session, [new_event(tenant_id, address.id, TIER_CHANGED, told, now)])


def _of_the_company(made: Machine) -> None:
    tenant_id, now = made.tenant_id, made.world.clock.now()
    with made.world.services.store.transaction(tenant_id) as session:
        enrichment.save(session, Source(tenant_id, "upload", True, {}, now))
        enriched.add_answer(session, tenant_id, "upload", DOMAIN, Outcome.FOUND, now)
        enriched.add_facts(session, tenant_id, "upload", [Fact(DOMAIN, "employees", "1", now, True)], now)


def _of_former_times(made: Machine, lead_id: int) -> None:
    """Let another lead have become theirs, and another one have lost its records to their time."""
    tenant_id, now = made.tenant_id, made.world.clock.now()
    with made.world.services.store.transaction(tenant_id) as session:
        whose = session.execute(sa.select(records.c.id).where(records.c.lead_id == lead_id).limit(1)).scalar_one()
        successions.note(session, tenant_id, [Left(ENDED, whose)], now)
        row = {"lead_id": lead_id, "connection_id": made.account.id, "mark": "a keyed hash", "tenant_id": tenant_id}
        session.execute(sa.insert(lead_marks), row | {"at": now})
