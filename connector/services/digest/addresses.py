"""Whom a tenant's owners have told: e-mail addresses and incoming webhooks of chats, sealed at rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID, uuid4

from email_validator import EmailNotValidError, validate_email

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.store import ledger, recipients, schedules, users
from connector.store.recipients import Recipient
from connector.store.users import User

MOST = 20
"""Addresses of a tenant: each is sent to within one turn of a worker."""
ALERTS = "alerts"
"""The kind by the clock that tells new addresses of what there is."""


class Kind(StrEnum):
    """How an address is told."""

    EMAIL = "email"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Address:
    """A recipient with the address opened, and whose it is (None: nobody's own)."""

    recipient: Recipient
    text: str = field(repr=False)
    owner: User | None


def add(services: Services, tenant_id: UUID, kind: Kind, address: str, user_id: UUID | None) -> None:
    """Add an address, to be told within minutes of what there is; raises ``RejectedInput`` with the reason.

    One that is a user's own is deleted with the user.
    """
    address = _checked(services, kind, address)
    now, recipient_id = services.clock.now(), uuid4()
    sealed = services.cipher.encrypt(address, tenant_id=str(tenant_id), connection_id=str(recipient_id))
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        held = recipients.of_tenant(session, tenant_id)
        if len(held) >= MOST:
            raise RejectedInput(f"There are {MOST} addresses already. Remove one that nobody reads any more.")
        if any(item.kind == kind and opened(services, item) == address for item in held):
            raise RejectedInput("This address is on the list already.")
        if user_id is not None and users.find(session, tenant_id, user_id) is None:
            raise RejectedInput("Nobody on the page Access is the one whose address this would be.")
        recipients.add(session, Recipient(recipient_id, tenant_id, user_id, kind, sealed, now))
        schedules.bring_forward(session, ALERTS, {tenant_id: now})
        acts.record(services, session, tenant_id, "add digest address", recipient=str(recipient_id), kind=kind)


def remove(services: Services, tenant_id: UUID, recipient_id: UUID) -> bool:
    """Delete an address; False where the tenant has no such one."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        found = recipients.find(session, tenant_id, recipient_id)
        if found is None:
            return False
        recipients.remove(session, found)
        acts.record(services, session, tenant_id, "remove digest address", recipient=str(found.id), kind=found.kind)
    return True


def overview(services: Services, tenant_id: UUID) -> Sequence[Address]:
    """Return a tenant's addresses, oldest first."""
    with services.store.reading(tenant_id) as session:
        found = recipients.of_tenant(session, tenant_id)
        known = {user.id: user for user in users.of_tenant(session, tenant_id)}
    return [Address(item, opened(services, item), known.get(item.user_id) if item.user_id else None) for item in found]


def opened(services: Services, recipient: Recipient) -> str:
    """Return a recipient's address; raises ``CorruptSecret`` where it can't be opened."""
    owner = {"tenant_id": str(recipient.tenant_id), "connection_id": str(recipient.id)}
    return services.cipher.decrypt(recipient.sealed, **owner)


def _checked(services: Services, kind: Kind, address: str) -> str:
    address = address.strip()
    if kind is Kind.CHAT:
        services.receivers.check(address)
        return address
    try:
        # Written as every mail server takes it: few take letters beyond ASCII before the @.
        found = validate_email(address, check_deliverability=False, allow_smtputf8=False)
        return found.ascii_email or found.normalized
    except EmailNotValidError:
        raise RejectedInput("This is no e-mail address. Enter one such as ana@example.com.") from None
