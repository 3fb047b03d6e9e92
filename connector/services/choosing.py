"""What an organisation chooses about its models and writes; every choice is on the record with who made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import FieldType
from connector.services.champions import asking
from connector.services.context import Services
from connector.services.free_text import is_free_text
from connector.services.objectives import contract
from connector.services.set_values import set_values
from connector.store import fields, ledger, objectives, tenants
from connector.store.tenants import TenantSettings
from connector.store.types import AnyRow

STEPS = Decimal("0.1"), Decimal(50)
"""The least and the largest number of points by which a score may have to move."""


def choose_band(services: Services, tenant_id: UUID, form: Mapping[str, str]) -> bool:
    """Set what High-Intent is and how complex a model may be; tell whether anything changed.

    A model by it is asked for; nothing moves before that one is published. Raises ``RejectedInput`` with the sentence
    for who filled the form in, and where signed objectives say it.
    """

    def wanted(session: Connection, settings: TenantSettings) -> dict[str, Any]:
        if objectives.newest(session, tenant_id) is not None:
            raise RejectedInput("Signed objectives say this. Draft their next version; an owner signs it.")
        return contract.read_form(form, settings).settings

    changed = _set(services, tenant_id, "set model", wanted)
    if changed:
        asking.ask_retraining(services, tenant_id, "What High-Intent is, or how complex a model may be, was changed.")
    return changed


def choose_learning(services: Services, tenant_id: UUID, form: Mapping[str, str]) -> bool:
    """Set what models may learn from beside the fields, from the next one on; tell whether anything changed."""
    sellers, segment = form.get("seller_activity") == "on", form.get("segment", "")

    def wanted(session: Connection, _settings: TenantSettings) -> dict[str, Any]:
        if segment and segment not in segment_fields(fields.of_tenant(session, tenant_id)):
            raise RejectedInput("Choose one of the offered fields.")
        return {"seller_activity": sellers, "segment": segment or None}

    return _set(services, tenant_id, "set learning", wanted)


def choose_step(services: Services, tenant_id: UUID, text: str) -> bool:
    """Set by how many points a score must move before it is written again; tell whether it changed."""
    low, high = STEPS
    try:
        step = Decimal(text.strip())
    except InvalidOperation:
        step = Decimal("NaN")
    if not step.is_finite() or not low <= step <= high or step != step.quantize(low):
        raise RejectedInput(f"The step must be between {low} and {high} points, with one decimal at most.")
    return _set(services, tenant_id, "set step", lambda _session, _settings: {"minimum_step": float(step)})


def segment_fields(catalogue: Any) -> list[str]:
    """Return the names of fields whose values may get models of their own: choices of a person's record."""
    found = {
        row.name for row in catalogue if row.type == FieldType.CATEGORY and not (row.company or row.system or row.own)
    }
    return sorted(found)


def text_fields(catalogue: Any) -> list[AnyRow]:
    """Return the fields whose free text models may be let read, one of each name."""
    return list({row.name: row for row in catalogue if is_free_text(row)}.values())


def _set(
    services: Services,
    tenant_id: UUID,
    action: str,
    wanted: Callable[[Connection, TenantSettings], Mapping[str, Any]],
) -> bool:
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        settings = tenants.get(session, tenant_id).settings
        return bool(set_values(services, session, tenant_id, action, wanted(session, settings)))
