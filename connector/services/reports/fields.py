"""The fields of the connected accounts: how filled, how sensitive, used or not and why."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from connector.services.context import Services
from connector.services.opening import called
from connector.services.privacy import elsewhere, unprofiled
from connector.services.privacy.elsewhere import TEXTS, Elsewhere
from connector.services.privacy.sensitivity import Sensitivity, barred, sensitivity_of
from connector.store import connections, enrichment, fields, models, tenants
from connector.store.types import AnyRow

SAMPLE = 1_000
"""Newest records of an account that the fill is counted over."""


@dataclass(frozen=True, slots=True)
class FieldLine:
    """One field of an account, or (``connection_id`` None) what no account's catalogue has.

    ``fill`` is the share of records that have it, None for a company's or without records. ``why`` says why it is used
    or not; ``allowed`` is an admin's decision, None where there is none. ``decidable``: an admin may decide.
    """

    connection_id: UUID | None
    account: str
    name: str
    label: str
    type: str
    fill: float | None
    sensitivity: Sensitivity
    used: bool
    why: str
    allowed: bool | None
    decidable: bool


def field_lines(services: Services, tenant_id: UUID) -> list[FieldLine]:
    """Return a tenant's fields, account by account, those that need a look first; none before an account has any."""
    with services.store.reading(tenant_id) as session:
        accounts = {item.id: item for item in connections.of_tenant(session, tenant_id)}
        rows = fields.of_tenant(session, tenant_id)
        fill = {account: fields.fill(session, account, SAMPLE) for account in accounts}
        champion = models.champion(session, tenant_id)
        others = elsewhere.listed(
            enrichment.of_tenant(session, tenant_id), tenants.get(session, tenant_id).settings.decided
        )
    told: Mapping[str, Any] = champion.report if champion else {}
    used = {str(item["name"]).partition("=")[0] for item in told.get("features") or ()}
    judged = {str(item["field"]): item for item in told.get("leakage") or ()}
    lines = []
    for row in rows:
        account = accounts[row.connection_id]
        full = f"{account.vendor}.{row.name}"
        is_used = barred(row) is None and _reads(used, full)
        lines.append(
            FieldLine(
                row.connection_id,
                called(services, account),
                row.name,
                row.label,
                row.type,
                None
                if row.company
                else fill[row.connection_id].get(row.name, 0.0 if fill[row.connection_id] else None),
                sensitivity_of(row),
                is_used,
                _why(row, judged.get(full), is_used, learned=champion is not None),
                row.allowed,
                not (row.personal or row.system or row.own),
            )
        )
    if rows:
        lines += [_elsewhere(item, used, judged, learned=champion is not None) for item in others]
    order = {Sensitivity.SPECIAL: 0, Sensitivity.ORDINARY: 1, Sensitivity.PERSONAL: 2}
    # What an account has comes first: of other sources there is often nothing to decide.
    return sorted(
        lines,
        key=lambda line: (line.connection_id is None, line.account, order[line.sensitivity], line.label, line.name),
    )


def _reads(used: Collection[str], full: str) -> bool:
    return any(name == f"field.{full}" or name.startswith(f"field.{full}.") for name in used)


def _elsewhere(item: Elsewhere, used: Collection[str], judged: Mapping[str, Any], *, learned: bool) -> FieldLine:
    is_used = item.barred is None and _reads(used, item.name)
    why = _judged(item.barred, judged.get(item.name), is_used, learned=learned)
    if item.name == TEXTS and item.barred is None:
        why = "they are read as all others are"
    told = (item.source, item.name, item.label, item.type, None, item.sensitivity)
    return FieldLine(None, *told, is_used, why, item.allowed, decidable=True)


@dataclass(frozen=True, slots=True)
class Silencing:
    """Which fields can mean that somebody is not to be profiled (name → label), and which do by which value."""

    offered: Mapping[str, str]
    chosen: Mapping[str, str]


def silencing_fields(services: Services, tenant_id: UUID) -> Silencing:
    """Return what an admin may choose from, and has chosen."""
    with services.store.reading(tenant_id) as session:
        vendors = {item.id: item.vendor for item in connections.of_tenant(session, tenant_id)}
        found = unprofiled.offered(fields.of_tenant(session, tenant_id), vendors)
        chosen = tenants.get(session, tenant_id).settings.unprofiled
    return Silencing({name: f"{row.label} ({name})" for name, row in sorted(found.items())}, dict(chosen))


def _why(row: AnyRow, judgement: Mapping[str, Any] | None, is_used: bool, *, learned: bool) -> str:
    if row.own:
        return "we write it ourselves"
    if row.system:
        return "it means the outcome or the process itself"
    return _judged(barred(row), judgement, is_used, learned=learned)


def _judged(reason: str | None, judgement: Mapping[str, Any] | None, is_used: bool, *, learned: bool) -> str:
    if reason is not None:
        return reason
    if judgement is not None and judgement["verdict"] != "clear":
        return str(judgement["reason"])
    if is_used:
        return "the present model reads it"
    return "the present model found nothing in it" if learned else "no model has been trained yet"
