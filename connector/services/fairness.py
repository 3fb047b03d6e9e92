"""Over which fields of people a model's figures are compared, so that a group that is passed over is seen.

A field that is named need not be an input of a model, and naming it makes it none: what models may read is said on the
page Fields. It may even be one that no model ever sees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import FieldRole, FieldType
from connector.services.context import Services
from connector.services.set_values import set_values
from connector.store import fields, ledger, tenants
from connector.store.tenants import TenantSettings
from connector.store.types import AnyRow
from scoring.cards.blocks import Block, Paragraph
from scoring.cards.segments import segments

MOST = 10
"""Fields that are compared over at once: each costs a training some seconds, and a page a table."""

_NAMES = (FieldRole.FIRST_NAME, FieldRole.LAST_NAME, FieldRole.COMPANY_NAME)
_GROUPS = (FieldType.CATEGORY, FieldType.BOOLEAN, FieldType.NUMBER)


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field to compare over. ``known``: some account has it now."""

    name: str
    label: str
    known: bool = True


def offered(catalogue: Sequence[AnyRow]) -> list[Attribute]:
    """Return what may be named, one of each name: fields that put people into groups and tell nobody's name."""
    found = {row.name: Attribute(row.name, _label(row)) for row in catalogue if _parts_people(row)}
    return sorted(found.values(), key=lambda one: (one.label.casefold(), one.name))


def named(catalogue: Sequence[AnyRow], settings: TenantSettings) -> list[Attribute]:
    """Return what is named, in the order in which it was."""
    labels = {row.name: _label(row) for row in catalogue}
    return [Attribute(name, labels.get(name, name), name in labels) for name in settings.attributes]


def choose(services: Services, tenant_id: UUID, name: str, *, on: bool) -> bool:
    """Let figures be compared over a field from the next model on, or stop it; tell whether that changed anything.

    Raises ``RejectedInput`` for a field that is not offered, and for one too many.
    """
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        held = tenants.get(session, tenant_id).settings.attributes
        if on and name not in held:
            if name not in {one.name for one in offered(fields.of_tenant(session, tenant_id))}:
                raise RejectedInput("Choose one of the offered fields.")
            if len(held) >= MOST:
                raise RejectedInput(f"At most {MOST} fields are compared over. Stop one of them first.")
        wanted = [*(one for one in held if on or one != name), *([name] if on and name not in held else [])]
        return bool(set_values(services, session, tenant_id, "set fairness", {"attributes": wanted}))


def told(session: Connection, tenant_id: UUID, report: Mapping[str, Any]) -> tuple[Block, ...]:
    """Return what was named and what a model's report says of it."""
    settings = tenants.get(session, tenant_id).settings
    chosen = named(fields.of_tenant(session, tenant_id), settings)
    # Histories call a field by its CRM as well.
    compared = [str(one["attribute"]) for one in report.get("segments") or ()]
    done = {*compared, *(name.partition(".")[2] for name in compared)}
    late = [one.label for one in chosen if one.name not in done]
    sentences = [
        f"Chosen to be compared over: {', '.join(one.label for one in chosen)}."
        if chosen
        else "No field is chosen to be compared over; an admin chooses on the page Settings.",
        f"Chosen since this model was trained, and compared from the next one on: {', '.join(late)}." if late else "",
    ]
    return (Paragraph(" ".join(filter(None, sentences))), *segments(report).blocks)


def _parts_people(row: AnyRow) -> bool:
    if row.own or row.system or row.role in _NAMES:
        return False
    # A text that names somebody would be told of whoever shares it; a choice (a salutation) is a group.
    return row.type in _GROUPS or (row.type == FieldType.TEXT and not row.personal)


def _label(row: AnyRow) -> str:
    return f"{row.label} of the company" if row.company else str(row.label)
