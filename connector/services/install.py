"""Installation by OAuth: a state for one browser session, once; an upsert at its end."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.errors import RejectedInput
from connector.records import Grant
from connector.services import acts, pipeline, regions
from connector.services.context import Services
from connector.services.opening import app_of
from connector.services.soundness import sound_account
from connector.services.tokens import encrypt
from connector.store import connections, departures, installs, tenants
from connector.store.connections import CrmConnection, Health
from connector.store.installs import PendingInstall
from connector.store.session import confine
from connector.store.tenants import TenantSettings

STATE_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation ended in.

    ``to_read``: the account is new, was disconnected, or its permissions changed. Otherwise the
    admin only signed in.
    """

    tenant_id: UUID
    connection_id: UUID
    to_read: bool


def begin(services: Services, vendor: str, session_id: str, tenant_id: UUID | None, login: str | None = None) -> str:
    """Return the vendor's consent page for this browser session.

    ``tenant_id`` is that of a signed-in tenant who adds an account; ``login`` where the admin signs in,
    for vendors that have several places (raises ``RejectedInput`` for one that is not the vendor's).
    """
    app = app_of(services, vendor)
    state = secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(48) if app.capabilities.pkce else None
    pending = PendingInstall(vendor, verifier, tenant_id, login)
    address = app.authorize_url(state, verifier, login)
    with services.store.transaction() as session:
        expires = services.clock.now() + STATE_LIFETIME
        installs.begin(session, _digest(state), _digest(session_id), pending, expires)
    return address


def complete(services: Services, vendor: str, session_id: str, state: str, code: str) -> Installed:
    """Finish an installation and start its first run; where nothing is new it is a sign-in only.

    Raises ``RejectedInput`` when the state is not this session's, spent or expired: then
    nothing is stored and the code is not used.
    """
    app = app_of(services, vendor)
    now = services.clock.now()
    with services.store.transaction() as session:
        pending = installs.use(session, _digest(state), _digest(session_id), vendor, now)
    if pending is None:
        raise RejectedInput(
            "This installation link was used already, has expired or belongs to another browser. "
            "Start again from the connect page."
        )
    grant = app.exchange_code(code, pending.code_verifier, now, pending.login)
    grant = replace(grant, account=sound_account(grant.account))
    reached(Point.INSTALL_GRANTED)
    with services.store.transaction() as session:
        installed = _store(services, session, vendor, grant, pending.tenant_id, now)
        confine(session, installed.tenant_id)
        action = "install" if installed.to_read else "sign in"
        which = {"connection": str(installed.connection_id), "scopes": sorted(grant.tokens.scopes)}
        acts.record(services, session, installed.tenant_id, action, **which)
        ready = pipeline.start_for_account(services, session, installed.tenant_id) if installed.to_read else []
    reached(Point.INSTALL_STORED)
    services.wake_all(ready)
    return installed


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _store(
    services: Services, session: Connection, vendor: str, grant: Grant, tenant_id: UUID | None, now: datetime
) -> Installed:
    known = connections.find_by_account(session, vendor, grant.account.account_id)
    owner = tenant_id if known is None else known.tenant_id
    if owner is not None:
        regions.require(services, session, owner)
    if known is not None:
        return _reinstall(services, session, known, grant, tenant_id)
    if tenant_id is None:
        settings = TenantSettings.from_json(dict(services.onboarding))
        tenant_id = tenants.create(session, grant.account.name, settings, now, services.region)
    connection_id = connections.add(session, tenant_id, vendor, grant.account, now)
    sealed = encrypt(services, (tenant_id, connection_id), grant.tokens, 0)
    connections.save_tokens(session, connection_id, sealed, now, grant.tokens.scopes)
    return Installed(tenant_id, connection_id, to_read=True)


def _reinstall(
    services: Services, session: Connection, known: CrmConnection, grant: Grant, tenant_id: UUID | None
) -> Installed:
    if tenant_id is not None and tenant_id != known.tenant_id:
        raise RejectedInput("This CRM account is connected to another organisation. Disconnect it there first.")
    version = connections.tokens(session, known.id).version
    sealed = encrypt(services, known, grant.tokens, version)
    connections.save_tokens(session, known.id, sealed, services.clock.now(), grant.tokens.scopes)
    connections.set_health(session, known.id, Health.ACTIVE)
    departures.cancel(session, known.id)
    connections.move(session, known.id, grant.account)
    changed = known.status is Health.DISCONNECTED or set(known.scopes) != set(grant.tokens.scopes)
    return Installed(known.tenant_id, known.id, to_read=changed)
