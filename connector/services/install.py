"""Installation by OAuth: a state for one browser session, once; an upsert at its end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.crashpoints import Point, reached
from connector.errors import RejectedInput
from connector.records import Grant
from connector.services import acts, pipeline, regions
from connector.services.access import sessions
from connector.services.access.arriving import Consent, adding, arriving, owner_of, takes_over
from connector.services.access.tokens import digest
from connector.services.access.users import called
from connector.services.context import Services
from connector.services.opening import app_of
from connector.services.soundness import sound_account
from connector.services.tokens import encrypt
from connector.store import connections, departures, installs, tenants, users
from connector.store.connections import CrmConnection, Health
from connector.store.installs import PendingInstall
from connector.store.session import confine
from connector.store.tenants import TenantSettings
from connector.store.users import User

STATE_LIFETIME = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Installed:
    """What an installation ended in.

    ``to_read``: the account is new, was disconnected, or its permissions changed. Otherwise the
    user only signed in. ``token`` is the secret of their new session; None where they were signed in already.
    """

    tenant_id: UUID
    connection_id: UUID
    to_read: bool
    token: str | None = None


def begin(
    services: Services,
    vendor: str,
    session_id: str,
    tenant_id: UUID | None,
    login: str | None = None,
    *,
    user_id: UUID | None = None,
    invitation: str | None = None,
) -> str:
    """Return the vendor's consent page for this browser session.

    ``tenant_id`` is that of a tenant that adds an account, ``user_id`` whoever is signed in and does so;
    ``invitation`` the token of one that is accepted by signing in. ``login`` is where the user signs in,
    for vendors that have several places (raises ``RejectedInput`` for one that is not the vendor's).
    """
    app = app_of(services, vendor)
    state = secrets.token_urlsafe(32)
    verifier = secrets.token_urlsafe(48) if app.capabilities.pkce else None
    pending = PendingInstall(vendor, verifier, tenant_id, login, user_id, digest(invitation) if invitation else None)
    address = app.authorize_url(state, verifier, login)
    with services.store.transaction() as session:
        now = services.clock.now()
        installs.begin(session, digest(state), digest(session_id), pending, now, now + STATE_LIFETIME)
    return address


def complete(services: Services, vendor: str, session_id: str, state: str, code: str) -> Installed:
    """Finish an installation and start its first run; where nothing is new it is a sign-in only.

    Raises ``RejectedInput`` when the state is not this session's, spent or expired: then
    nothing is stored and the code is not used; and for users to whom nobody gave access.
    """
    app = app_of(services, vendor)
    now = services.clock.now()
    with services.store.transaction() as session:
        pending = installs.use(session, digest(state), digest(session_id), vendor, now)
    if pending is None:
        raise RejectedInput(
            "This installation link was used already, has expired or belongs to another browser. "
            "Start again from the connect page."
        )
    grant = app.exchange_code(code, pending.code_verifier, now, pending.login)
    grant = replace(grant, account=sound_account(grant.account))
    reached(Point.INSTALL_GRANTED)
    with services.store.transaction() as session:
        consent = Consent(pending, app.capabilities.label, grant.user_id)
        installed, user = _store(services, session, grant, consent, now)
        confine(session, installed.tenant_id)
        action = "install" if installed.to_read else "sign in"
        which = {"connection": str(installed.connection_id), "scopes": sorted(grant.tokens.scopes)}
        with acts.asked_by(called(user) if user else "somebody who is no user any more"):
            acts.record(services, session, installed.tenant_id, action, **which)
        ready = pipeline.start_for_account(services, session, installed.tenant_id) if installed.to_read else []
    reached(Point.INSTALL_STORED)
    services.wake_all(ready)
    return installed


def _store(
    services: Services, session: Connection, grant: Grant, consent: Consent, now: datetime
) -> tuple[Installed, User | None]:
    pending = consent.pending
    known = connections.find_by_account(session, pending.vendor, grant.account.account_id)
    if pending.invitation_hash is not None and known is None:
        raise RejectedInput(f"This {consent.label} account is not the one that the invitation is for.")
    if known is not None and pending.tenant_id not in (None, known.tenant_id):
        raise RejectedInput("This CRM account is connected to another organisation. Disconnect it there first.")
    whose = pending.tenant_id if known is None else known.tenant_id
    if whose is not None:
        regions.require(services, session, whose)
    if pending.tenant_id is not None:
        adder = adding(session, consent)
        return _connect(services, session, grant, known, (pending.tenant_id, adder, consent), now), adder
    if known is None:
        settings = TenantSettings.from_json(dict(services.onboarding))
        tenant_id = tenants.create(session, grant.account.name, settings, now, services.region)
        user = owner_of(services, session, tenant_id, consent)
        installed = _connect(services, session, grant, None, (tenant_id, user, consent), now)
    else:
        user = arriving(services, session, known, consent)
        installed = _sign_in(services, session, grant, known, (user, consent))
    return replace(installed, token=sessions.begin(services, session, user, sessions.BY_CRM)), user


def _connect(
    services: Services,
    session: Connection,
    grant: Grant,
    known: CrmConnection | None,
    by: tuple[UUID, User | None, Consent],
    now: datetime,
) -> Installed:
    """Add an account to a tenant, or renew its grant; the CRM's user is the one who did it, unless known as another."""
    tenant_id, user, consent = by
    if known is not None:
        installed = _renew(services, session, known, grant)
    else:
        connection_id = connections.add(session, tenant_id, consent.pending.vendor, grant.account, now)
        sealed = encrypt(services, (tenant_id, connection_id), grant.tokens, 0)
        connections.save_tokens(session, connection_id, sealed, now, grant.tokens.scopes)
        connections.save_grantor(session, connection_id, grant.user_id)
        installed = Installed(tenant_id, connection_id, to_read=True)
    if user is not None and grant.user_id is not None:
        users.make_known(session, user, installed.connection_id, grant.user_id)
    return installed


def _sign_in(
    services: Services, session: Connection, grant: Grant, known: CrmConnection, by: tuple[User, Consent]
) -> Installed:
    """Let a user in by an account that is there; their grant is kept only where it takes the former one's place."""
    user, consent = by
    if grant.user_id is not None:
        users.make_known(session, user, known.id, grant.user_id)
    if takes_over(session, known, user, consent):
        return _renew(services, session, known, grant)
    return Installed(known.tenant_id, known.id, to_read=False)


def _renew(services: Services, session: Connection, known: CrmConnection, grant: Grant) -> Installed:
    version = connections.tokens(session, known.id).version
    sealed = encrypt(services, known, grant.tokens, version)
    connections.save_tokens(session, known.id, sealed, services.clock.now(), grant.tokens.scopes)
    connections.save_grantor(session, known.id, grant.user_id)
    connections.set_health(session, known.id, Health.ACTIVE)
    departures.cancel(session, known.id)
    connections.move(session, known.id, grant.account)
    changed = known.status is Health.DISCONNECTED or set(known.scopes) != set(grant.tokens.scopes)
    return Installed(known.tenant_id, known.id, to_read=changed)
