"""What people did, as a tenant's programs tell it by an API key.

The same door as that of the tenant's own sites (``services.tracking``), under a site of its own that no page can send
to; beside an address or a visitor an event may name a lead, whose address is then taken from its records.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

import orjson

from connector.services.api import references as named
from connector.services.api.keys import hash_of
from connector.services.api.references import Reference
from connector.services.context import Services
from connector.services.tracking import collecting
from connector.store import references, sites
from connector.store.sites import TrackedSite

MOST = collecting.FROM_SERVER
SITE_NAME = "REST API"
ONE_PERSON = "Give a lead, or an email, not both."
NO_REFERENCE = "lead must be our id (a number) or vendor:id of a record."
TOO_LARGE = "A number in it has more than 64 bits."
NO_ADDRESS = "The lead has no e-mail address, by which an event finds its person."


@dataclass(frozen=True, slots=True)
class Refused:
    """An event that was not taken, by its place in the request."""

    index: int
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many events were taken (again), which were not, and the leads that were named."""

    accepted: int
    refused: Sequence[Refused]
    leads: Sequence[int]


def take(services: Services, tenant_id: UUID, told: Sequence[Any]) -> Receipt:
    """Keep events, each once by its id; raises ``RetryLater`` where too many come at once."""
    mailboxes, refused = _addresses(services, tenant_id, told)
    batch: dict[int, bytes] = {}
    for index, event in enumerate(told):
        if index in refused:
            continue
        try:
            batch[index] = orjson.dumps(_named(event, mailboxes.get(index)))
        except orjson.JSONEncodeError:
            refused[index] = TOO_LARGE
    places, body = list(batch), b'{"events":[' + b",".join(batch.values()) + b"]}"
    receipt = collecting.from_server(services, _site(services, tenant_id), body)
    unread = [Refused(places[item.index], str(item.reason)) for item in receipt.refused]
    nobody = [Refused(index, reason) for index, reason in refused.items()]
    # An event that some other program sent under the same id is known, so it counts as taken.
    leads = sorted({lead for lead, _ in mailboxes.values()})
    return Receipt(receipt.accepted, sorted([*unread, *nobody], key=lambda item: item.index), leads)


def _named(event: Any, found: tuple[int, str] | None) -> Any:
    if found is None:
        return event
    return {name: value for name, value in event.items() if name != "lead"} | {"email": found[1]}


def _addresses(
    services: Services, tenant_id: UUID, told: Sequence[Any]
) -> tuple[dict[int, tuple[int, str]], dict[int, str]]:
    """Return place → (lead, address) of the events that name a lead, and place → why one can't be taken."""
    wanted = {
        index: event["lead"] for index, event in enumerate(told) if isinstance(event, Mapping) and "lead" in event
    }
    refused = {index: reason for index in wanted if (reason := _unusable(told[index]))}
    sound = {index: lead for index, lead in wanted.items() if index not in refused}
    if not sound:
        return {}, refused
    with services.store.reading(tenant_id) as session:
        found = named.resolve(session, tenant_id, list(sound.values()))
        emails: dict[int, str] = {}
        for row in references.of_leads(session, tenant_id, found.ids):
            if row.email:
                emails.setdefault(row.lead_id, row.email)
    addresses: dict[int, tuple[int, str]] = {}
    for index, reference in sound.items():
        lead_id = found.leads.get(reference, 0)
        if lead_id in emails:
            addresses[index] = (lead_id, emails[lead_id])
        else:
            refused[index] = found.refused.get(reference, NO_ADDRESS)
    return addresses, refused


def _unusable(event: Mapping[str, Any]) -> str | None:
    if "email" in event:
        return ONE_PERSON
    lead: Reference | Any = event["lead"]
    ours = type(lead) is int and 0 < lead <= named.LARGEST_ID
    return None if ours or isinstance(lead, str) else NO_REFERENCE


def _site(services: Services, tenant_id: UUID) -> TrackedSite:
    """Return the site that events of programs belong to, made with the first of them."""
    site_id, now = uuid5(tenant_id, "rest-api"), services.clock.now()
    with services.store.reading(tenant_id) as session:
        found = sites.find(session, tenant_id, site_id)
    if found is not None:
        return found
    # Nobody knows this secret: the site's door are the keys of the API.
    unknown = hash_of(secrets.token_urlsafe(32))
    made = TrackedSite(site_id, tenant_id, SITE_NAME, secrets.token_hex(8), (), unknown, now, now)
    with services.store.transaction(tenant_id) as session:
        sites.add_once(session, made)
    return made
