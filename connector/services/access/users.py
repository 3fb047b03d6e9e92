"""The users of a tenant: who they are, as what, and how that is changed. Each change is on the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import Role
from connector.services import acts
from connector.services.access.permissions import at_least
from connector.services.context import Services
from connector.store import invitations, ledger, sign_ins, users
from connector.store.invitations import Invitation
from connector.store.users import User

LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Roster:
    """Everybody who has access or is invited. ``by_crm``: whom a CRM can sign in; ``seen``: newest kept sign-ins."""

    users: Sequence[User]
    invitations: Sequence[Invitation]
    by_crm: frozenset[UUID]
    seen: Mapping[UUID, datetime]


def roster(services: Services, tenant_id: UUID) -> Roster:
    """Return a tenant's users and open invitations."""
    with services.store.reading(tenant_id) as session:
        return Roster(
            users.of_tenant(session, tenant_id),
            invitations.of_tenant(session, tenant_id, services.clock.now()),
            users.signing_in_by(session, tenant_id),
            sign_ins.latest(session, tenant_id),
        )


def find(services: Services, tenant_id: UUID, user_id: UUID) -> User | None:
    """Return a user of a tenant as they are now, None where there is no such one (any more)."""
    with services.store.reading(tenant_id) as session:
        return users.find(session, tenant_id, user_id)


def called(user: User) -> str:
    """Return how the ledger names a user."""
    return f"{user.name} (user {user.id})"


def change(services: Services, actor: User, user_id: UUID, name: str, role: Role) -> bool:
    """Give a user another name or role, at once; False where the tenant has no such user.

    Raises ``RejectedInput`` where the actor stands below the former or the new role, and for the last owner.
    """
    name = good_name(name)
    with services.store.transaction(actor.tenant_id) as session:
        ledger.lock(session, actor.tenant_id)
        found = users.find(session, actor.tenant_id, user_id)
        if found is None:
            return False
        _require(actor, found.role, role)
        if role is not Role.OWNER:
            _keep_an_owner(session, found)
        users.change(session, found, name=name, role=role)
        more = {"user": str(found.id), "role": role, "former_role": found.role}
        acts.record(services, session, actor.tenant_id, "change access", **more)
    return True


def remove(services: Services, actor: User, user_id: UUID) -> bool:
    """Remove a user and end their sessions; False where the tenant has no such user.

    Raises ``RejectedInput`` where the actor stands below the user, and for the last owner.
    """
    with services.store.transaction(actor.tenant_id) as session:
        ledger.lock(session, actor.tenant_id)
        found = users.find(session, actor.tenant_id, user_id)
        if found is None:
            return False
        _require(actor, found.role)
        _keep_an_owner(session, found)
        users.remove(session, found)
        more = {"user": str(found.id), "name": found.name, "role": found.role}
        acts.record(services, session, actor.tenant_id, "remove access", **more)
    return True


def good_name(name: str) -> str:
    """Return a name as it is kept; raises ``RejectedInput`` for none and for an e-mail address."""
    name = " ".join(name.split())
    if not name or "@" in name or len(name) > LONGEST_NAME or not name.isprintable():
        raise RejectedInput(f"Give a name of up to {LONGEST_NAME} characters that is no e-mail address.")
    return name


def _require(actor: User, *roles: Role) -> None:
    if not all(at_least(actor.role, role) for role in roles):
        raise RejectedInput(f"As {actor.role} you can't do that to or for a role above your own. Ask an owner.")


def _keep_an_owner(session: Connection, found: User) -> None:
    owners = [user for user in users.of_tenant(session, found.tenant_id) if user.role is Role.OWNER]
    if owners == [found]:
        raise RejectedInput("This is the only owner. Make somebody else an owner first.")
