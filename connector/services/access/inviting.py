"""Invitations: made by an admin, accepted once by whoever holds the link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import Role
from connector.services import acts
from connector.services.access import sessions
from connector.services.access.permissions import at_least
from connector.services.access.tokens import digest, fresh
from connector.services.access.users import called, good_name
from connector.services.context import Services
from connector.store import connections, invitations, ledger, tenants, users
from connector.store.invitations import Invitation
from connector.store.users import User

LIFETIME = timedelta(days=7)
GONE = "This invitation was used or withdrawn, or it has expired. Ask for another."


@dataclass(frozen=True, slots=True)
class Welcome:
    """What an invitation's page says: into which organisation, as what, and through which CRMs one may come."""

    invitation: Invitation
    organisation: str
    vendors: Sequence[str]


def invite(services: Services, actor: User, name: str, role: Role) -> tuple[Invitation, str]:
    """Make an invitation; return it with its token, which nobody can be shown again.

    Raises ``RejectedInput`` for a role above the actor's own.
    """
    if not at_least(actor.role, role):
        raise RejectedInput(f"As {actor.role} you can't invite an {role}. Ask an owner.")
    return _make(services, actor.tenant_id, name, role)


def invite_as_operator(services: Services, tenant_id: UUID, name: str, role: Role) -> tuple[Invitation, str]:
    """Make an invitation for a tenant whose owners are out of reach."""
    with acts.asked_by("the operator"):
        return _make(services, tenant_id, name, role)


def withdraw(services: Services, tenant_id: UUID, invitation_id: UUID) -> bool:
    """Make an invitation worthless; False where the tenant has no such one."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        found = invitations.get(session, tenant_id, invitation_id)
        if found is None or not invitations.spend(session, found):
            return False
        more = {"invitation": str(found.id), "role": found.role}
        acts.record(services, session, tenant_id, "withdraw invitation", **more)
    return True


def welcome(services: Services, token: str) -> Welcome:
    """Return what the page of an invitation shows; raises ``RejectedInput`` where it is gone. Spends nothing."""
    with services.store.reading() as session:
        found = invitations.find(session, digest(token), services.clock.now())
        if found is None:
            raise RejectedInput(GONE)
        organisation = tenants.get(session, found.tenant_id).name
        held = {crm.vendor for crm in connections.of_tenant(session, found.tenant_id)}
        return Welcome(found, organisation, sorted(held & services.apps.keys()))


def accept(services: Services, token: str) -> str:
    """Accept an invitation by its link alone; return the new session's secret.

    Raises ``RejectedInput`` where it is gone.
    """
    with services.store.transaction() as session:
        user = let_in(services, session, digest(token))
        return sessions.begin(services, session, user, sessions.BY_LINK)


def let_in(services: Services, session: Connection, token_hash: str) -> User:
    """Spend an invitation and add the user whom it names; raises ``RejectedInput`` where it is gone."""
    now = services.clock.now()
    found = invitations.find(session, token_hash, now)
    if found is None:
        raise RejectedInput(GONE)
    ledger.lock(session, found.tenant_id)
    if not invitations.spend(session, found):
        raise RejectedInput(GONE)
    user = users.add(session, found.tenant_id, found.name, found.role, now)
    more = {"invitation": str(found.id), "user": str(user.id), "role": user.role}
    with acts.asked_by(called(user)):
        acts.record(services, session, found.tenant_id, "accept invitation", **more)
    return user


def _make(services: Services, tenant_id: UUID, name: str, role: Role) -> tuple[Invitation, str]:
    token, now = fresh(), services.clock.now()
    with services.store.transaction(tenant_id) as session:
        made = invitations.add(session, tenant_id, digest(token), good_name(name), role, now, now + LIFETIME)
        acts.record(services, session, tenant_id, "invite", invitation=str(made.id), role=role)
    return made, token
