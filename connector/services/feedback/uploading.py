"""Exclusions from a small CSV file: each line is taken or refused by itself, and nothing is guessed."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import csv_lines
from connector.services.context import Services
from connector.services.csv_lines import Sheet, Taken
from connector.services.feedback.excluding import Wish, exclude_all, tidy
from connector.services.privacy.whom import by_email
from connector.store import leads
from connector.store.exclusions import Kind

SHEET = Sheet(("kind", "value", "reason"), largest=128 * 1024, most_lines=1_000)
_LARGEST_ID = 2**63 - 1


def upload(services: Services, tenant_id: UUID, content: bytes) -> Taken:
    """Leave out whom the good lines of a file mean; lines that are known already are taken as they are.

    ``value`` is a domain, a company's domain, or a lead's number or e-mail address. Raises ``RejectedInput`` where the
    file can't be read at all.
    """
    with services.store.reading(tenant_id) as session:
        wishes, refused = csv_lines.read(content, SHEET, lambda told: tidy(_wish(session, tenant_id, told)))
    exclude_all(services, tenant_id, wishes)
    return Taken(len(wishes), refused)


def _wish(session: Connection, tenant_id: UUID, told: Mapping[str, str]) -> Wish:
    kind, value, reason = told["kind"].lower(), told["value"], told["reason"].lower()
    if kind == Kind.DOMAIN:
        return Wish(Kind.DOMAIN, reason, domain=value)
    if kind == Kind.COMPANY:
        return Wish(Kind.COMPANY, reason, company=value)
    if kind == Kind.LEAD:
        return Wish(Kind.LEAD, reason, lead_id=_lead(session, tenant_id, value))
    raise RejectedInput(f"the kind must be one of {', '.join(Kind)}")


def _lead(session: Connection, tenant_id: UUID, value: str) -> int:
    if value.isascii() and value.isdigit() and int(value) <= _LARGEST_ID:
        found = sorted(leads.existing(session, tenant_id, [int(value)]))
    else:
        found = list(by_email(session, tenant_id, value).leads)
    if len(found) != 1:
        # Their address is not said again: what is refused is shown on a page and may be sent on.
        raise RejectedInput("names no lead of yours" if not found else "names several leads: give the lead's number")
    return found[0]
