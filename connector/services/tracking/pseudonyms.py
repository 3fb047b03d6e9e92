"""Mailboxes and records as keyed hashes: recognised again without being stored.

HMAC-SHA256 under the deployment's secret and the tenant's id: without the secret nobody can try addresses, and no two
tenants' hashes can be compared. Of several keys each makes one, that of the newest first: what is stored may be of any
of them. Of a key that is configured no more those that wait find nobody, and end with their time; of those who were to
be forgotten nothing is recognised any more.
"""

from __future__ import annotations

from uuid import UUID

from connector.services.context import Services
from connector.store.connections import CrmConnection


def pseudonyms(services: Services, tenant_id: UUID, mailbox: str) -> tuple[str, ...]:
    """Return what may be stored of a mailbox that no record is known of; the first is what is stored from now on."""
    return _keyed(services, tenant_id, b"mailbox:", mailbox)


def record_marks(services: Services, account: CrmConnection, vendor_id: str) -> tuple[str, ...]:
    """Return what may be stored of a record that is to be forgotten. A new connection to the same account knows it."""
    named = "\n".join((account.vendor, account.account_id, vendor_id))
    return _keyed(services, account.tenant_id, b"record:", named)


def _keyed(services: Services, tenant_id: UUID, kind: bytes, text: str) -> tuple[str, ...]:
    return services.hooks.keys.digests(kind + tenant_id.bytes + text.encode())


def person_key_of(mailbox: str) -> str:
    """Return what identity joins the records of a mailbox by."""
    return f"email:{mailbox}"
