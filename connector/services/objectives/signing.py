"""Drafting objectives and signing them: each act is in the ledger, and a signed version is never changed."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from uuid import UUID

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.champions import asking
from connector.services.context import Services
from connector.services.objectives.contract import Objectives
from connector.store import ledger, objectives, tenants
from connector.store.objectives import Draft, Signed
from connector.store.tenants import TenantSettings


def settings_of(services: Services, tenant_id: UUID) -> TenantSettings:
    """Return what a draft begins from."""
    with services.store.reading(tenant_id) as session:
        return tenants.get(session, tenant_id).settings


def draft(services: Services, tenant_id: UUID, wanted: Objectives, why: str) -> None:
    """Put a draft in the place of the former one, on the record; nothing holds before it is signed."""
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        objectives.save_draft(session, tenant_id, Draft(wanted.to_json(), why, now, acts.asker()))
        acts.record(services, session, tenant_id, "draft objectives", objectives=wanted.to_json(), why=why)


def discard(services: Services, tenant_id: UUID) -> bool:
    """Delete the draft, on the record; False where there is none."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if not objectives.drop_draft(session, tenant_id):
            return False
        acts.record(services, session, tenant_id, "discard objectives")
    return True


def mark(held: Draft) -> str:
    """Return what tells a draft from every other: whoever signs says by it what they have read."""
    text = ledger.canonical({"body": dict(held.body), "why": held.why})
    return hashlib.sha256(text.encode()).hexdigest()


def sign(services: Services, tenant_id: UUID, read: str) -> int:
    """Make the draft the version that holds, set the settings to it, and return its number.

    ``read`` is the :func:`mark` of what was read. A model by the new settings is asked for; until it is published
    nothing moves. Raises ``RejectedInput`` where there is no draft, another one, or one for another goal.
    """
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        held = objectives.draft(session, tenant_id)
        if held is None:
            raise RejectedInput("There is no draft to sign. Somebody has signed or discarded it.")
        if not hmac.compare_digest(mark(held), read):
            raise RejectedInput("The draft was changed since you have read it. Read it again, and sign it then.")
        settings, signed = tenants.get(session, tenant_id).settings, Objectives.from_json(held.body)
        if not signed.made_for(settings):
            raise RejectedInput("The draft tells of another goal or horizon than the organisation has. Draft it anew.")
        former = objectives.newest(session, tenant_id)
        version = former.version + 1 if former else 1
        seq = acts.record(
            services, session, tenant_id, "sign objectives", version=version, objectives=dict(held.body), why=held.why
        )
        row = Signed(version, held.body, held.why, held.drafted_at, held.drafted_by, now, acts.asker(), seq)
        objectives.add(session, tenant_id, row)
        objectives.drop_draft(session, tenant_id)
        changed = replace(settings, **signed.settings)
        if changed != settings:
            tenants.save_settings(session, tenant_id, changed)
    if changed != settings:
        asking.ask_retraining(services, tenant_id, f"Version {version} of the objectives was signed.")
    return version
