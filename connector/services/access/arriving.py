"""Who comes in by a CRM's consent page, and whether the grant that they bring takes the place of the one in use.

Everybody who signs in brings a grant of their own, with their own rights in the CRM. The one in use is replaced by
the same user's newer one (a CRM ends the oldest of several), and by an admin's where it is to be renewed or has ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import Role
from connector.services import acts
from connector.services.access.inviting import let_in
from connector.services.access.permissions import Permission, allows
from connector.services.access.users import called
from connector.services.context import Services
from connector.store import connections, invitations, ledger, users
from connector.store.connections import CrmConnection, Health
from connector.store.installs import PendingInstall
from connector.store.users import User


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent that came back: what was begun, at which CRM, and that CRM's id of the user, if it told one."""

    pending: PendingInstall
    label: str
    vendor_user_id: str | None


def owner_of(services: Services, session: Connection, tenant_id: UUID, consent: Consent) -> User:
    """Add the one who installed a tenant's first account, its owner."""
    user = users.add(session, tenant_id, _name(consent), Role.OWNER, services.clock.now())
    with acts.asked_by(called(user)):
        acts.record(services, session, tenant_id, "become owner", user=str(user.id))
    return user


def adding(session: Connection, consent: Consent) -> User | None:
    """Return who adds or renews an account while signed in; None for a caller of this process, which has no session.

    Raises ``RejectedInput`` where they may not (any more).
    """
    pending = consent.pending
    if pending.tenant_id is None or pending.user_id is None:
        return None
    user = users.find(session, pending.tenant_id, pending.user_id)
    if user is None or not allows(user.role, Permission.CONNECT):
        raise RejectedInput("You may not connect accounts of this organisation. Ask one of its admins.")
    return user


def arriving(services: Services, session: Connection, known: CrmConnection, consent: Consent) -> User:
    """Return who signs in by an account that is connected already.

    Raises ``RejectedInput`` for whom nobody knows or invited, and for an invitation of another organisation.
    """
    invited = consent.pending.invitation_hash
    user = _known(session, known, consent)
    if invited is not None:
        return _invited(services, session, known, consent, invited, user)
    if user is not None:
        return user
    # The ledger's lock: of two who come first, one is the owner.
    ledger.lock(session, known.tenant_id)
    if not users.of_tenant(session, known.tenant_id):
        return owner_of(services, session, known.tenant_id, consent)
    raise RejectedInput(
        f"This {consent.label} account is connected, but nobody has given you access yet. "
        "Ask an owner or admin of your organisation for an invitation: they make it on the page Access."
    )


def takes_over(session: Connection, known: CrmConnection, user: User, consent: Consent) -> bool:
    """Whether the grant of somebody who signs in takes the place of the one in use."""
    grantor = connections.granted_by(session, known.id)
    if grantor is not None and grantor == consent.vendor_user_id:
        return True
    return (grantor is None or known.status is not Health.ACTIVE) and allows(user.role, Permission.CONNECT)


def _known(session: Connection, known: CrmConnection, consent: Consent) -> User | None:
    if consent.vendor_user_id is None:
        return None
    return users.known_as(session, known.id, consent.vendor_user_id)


def _invited(
    services: Services, session: Connection, known: CrmConnection, consent: Consent, token_hash: str, user: User | None
) -> User:
    found = invitations.find(session, token_hash, services.clock.now())
    if found is not None and found.tenant_id != known.tenant_id:
        raise RejectedInput(
            f"You signed in to another {consent.label} account than the invitation is for. Open its link again."
        )
    if found is not None and user is not None:
        raise RejectedInput(f"You have access already, as {user.role}. Sign in on the start page.")
    return let_in(services, session, token_hash)


def _name(consent: Consent) -> str:
    return f"{consent.label} user {consent.vendor_user_id}" if consent.vendor_user_id else f"{consent.label} user"
