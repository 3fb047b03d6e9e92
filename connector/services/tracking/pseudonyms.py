"""Mailboxes as keyed hashes: recognised again without being stored.

HMAC-SHA256 under the deployment's secret and the tenant's id: without the secret nobody can try addresses, and no two
tenants' hashes can be compared. Under another secret those that wait find nobody, and end with their time.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

from connector.services.context import Services


def pseudonym(services: Services, tenant_id: UUID, mailbox: str) -> str:
    """Return what is stored of a mailbox that no record is known of."""
    secret = services.hooks.secret_key.encode()
    return hmac.new(secret, b"mailbox:" + tenant_id.bytes + mailbox.encode(), hashlib.sha256).hexdigest()


def person_key_of(mailbox: str) -> str:
    """Return what identity joins the records of a mailbox by."""
    return f"email:{mailbox}"
