"""Code of ours inside a CRM calls for the card of a record, or passes on a thumb.

It calls the connection's own address, signed with its secret as every other call of that CRM is. The body is JSON:
``record`` and ``user`` are ids in the CRM; a thumb adds ``thumb`` (``up`` or ``down``), ``reason`` and, where there is
one, ``note``. Who may see the record in the CRM is checked there, before the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from connector.adapters.contract import Delivery
from connector.errors import RejectedInput, RetryLater
from connector.services import cards, regions, webhooks
from connector.services.cards import Card
from connector.services.context import Services
from connector.services.feedback.rating import Thumb
from connector.services.opening import app_of
from connector.store.connections import CrmConnection, Health

_ASKS = ("record", "user")
_SAYS = (*_ASKS, "thumb", "reason")
_ID = re.compile(r"[A-Za-z0-9]{1,64}")


class Unsigned(RejectedInput):
    """The call went to an address that is nobody's, or nobody whom we know signed it."""


def read(services: Services, vendor: str, delivery: Delivery, key: str) -> Card:
    """Return the card that a call asks for.

    Raises ``Unsigned``, ``RejectedInput`` where the call can't be read, and as ``cards.read`` does.
    """
    connection, told = _called(services, vendor, delivery, key, _ASKS)
    return cards.read(services, connection.tenant_id, connection.id, told["record"])


def rate(services: Services, vendor: str, delivery: Delivery, key: str) -> int:
    """Keep the thumb that a call passes on; return the ledger's entry. Raises as :func:`read`."""
    connection, told = _called(services, vendor, delivery, key, _SAYS)
    if told["thumb"] not in ("up", "down"):
        raise RejectedInput("A thumb is up or down.")
    note = told.get("note")
    if not isinstance(note, str | None):
        raise RejectedInput("The note is no text.")
    thumb = Thumb(told["thumb"] == "up", told["reason"], note)
    by = f"{app_of(services, vendor).capabilities.label} user {told['user']}"
    return cards.thumb(services, connection.tenant_id, connection.id, told["record"], by, thumb)


def _called(
    services: Services, vendor: str, delivery: Delivery, key: str, needed: Collection[str]
) -> tuple[CrmConnection, Mapping[str, Any]]:
    """Return whose call it is and what it says, the ``needed`` parts being texts and the ids looking like ids."""
    try:
        connection = webhooks.signed_by(services, vendor, delivery, key)
    except RejectedInput as refused:
        raise Unsigned(str(refused)) from None
    wait = services.admit(f"{connection.id}:cards")
    if wait > 0:
        raise RetryLater("More cards are asked for than can be shown at once.", after_seconds=wait)
    if connection.status is Health.DISCONNECTED:
        raise RejectedInput("This account is disconnected from the scoring app. Its admin connects it again there.")
    with services.store.reading(connection.tenant_id) as session:
        regions.require(services, session, connection.tenant_id)
    return connection, _parsed(delivery.body, needed)


def _parsed(body: bytes, needed: Collection[str]) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        raise RejectedInput("The call is no JSON.") from None
    if not isinstance(told, dict) or not all(isinstance(told.get(name), str) for name in needed):
        raise RejectedInput(f"The call lacks one of {', '.join(needed)}.")
    if not all(_ID.fullmatch(told[name]) for name in _ASKS):
        raise RejectedInput("The record or the user is not named by an id.")
    return told
