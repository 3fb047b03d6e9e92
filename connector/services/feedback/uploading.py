"""Exclusions from a small CSV file: each line is taken or refused by itself, and nothing is guessed."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services.context import Services
from connector.services.csv_lines import Refused, Taken, filled_lines, opened
from connector.services.feedback.excluding import Wish, exclude_all, tidy
from connector.services.privacy.whom import by_email
from connector.store import leads
from connector.store.exclusions import Kind

COLUMNS = ("kind", "value", "reason")
LARGEST = 128 * 1024
"""Bytes of a file."""
MOST_LINES = 1_000
_LARGEST_ID = 2**63 - 1


def upload(services: Services, tenant_id: UUID, content: bytes) -> Taken:
    """Leave out whom the good lines of a file mean; lines that are known already are taken as they are.

    ``value`` is a domain, a company's domain, or a lead's number or e-mail address. Raises ``RejectedInput`` where the
    file can't be read at all.
    """
    with services.store.reading(tenant_id) as session:
        wishes, refused = _read_file(session, tenant_id, content)
    exclude_all(services, tenant_id, wishes)
    return Taken(len(wishes), tuple(refused))


def _read_file(session: Connection, tenant_id: UUID, content: bytes) -> tuple[list[Wish], list[Refused]]:
    reader, heading = opened(content, COLUMNS, LARGEST)
    places = {name: heading.index(name) for name in COLUMNS}
    good: list[Wish] = []
    refused: list[Refused] = []
    for number, cells in filled_lines(reader):
        if number > MOST_LINES + 1:
            raise RejectedInput(f"The file has more than {MOST_LINES:,} lines. Part it; nothing was taken.")
        try:
            if isinstance(cells, csv.Error):
                raise RejectedInput("can't be read as CSV")
            if len(cells) != len(heading):
                raise RejectedInput(f"has {len(cells)} cells where the heading has {len(heading)}")
            told = {name: cells[place].strip() for name, place in places.items()}
            good.append(tidy(_wish(session, tenant_id, told)))
        except RejectedInput as wrong:
            refused.append(Refused(number, str(wrong).removesuffix(".")))
    return good, refused


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
