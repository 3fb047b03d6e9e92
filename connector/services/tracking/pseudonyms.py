"""Mailboxes and records as keyed hashes: recognised again without being stored.

HMAC-SHA256 under the deployment's secret and the tenant's id: without the secret nobody can try addresses, and no two
tenants' hashes can be compared. Under another secret those that wait find nobody, and end with their time; of those
who were to be forgotten nothing is recognised any more.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from connector.services.context import Services
from connector.store.connections import CrmConnection


def pseudonym(services: Services, tenant_id: UUID, mailbox: str) -> str:
    """Return what is stored of a mailbox that no record is known of."""
    return _keyed(services, tenant_id, b"mailbox:", mailbox)


def record_mark(services: Services, account: CrmConnection, vendor_id: str) -> str:
    """Return what is stored of a record that is to be forgotten. A new connection to the same account knows it."""
    named = "\n".join((account.vendor, account.account_id, vendor_id))
    return _keyed(services, account.tenant_id, b"record:", named)


def _keyed(services: Services, tenant_id: UUID, kind: bytes, text: str) -> str:
    secret = services.hooks.secret_key.encode()
    return hmac.new(secret, kind + tenant_id.bytes + text.encode(), hashlib.sha256).hexdigest()


def person_key_of(mailbox: str) -> str:
    """Return what identity joins the records of a mailbox by."""
    return f"email:{mailbox}"
