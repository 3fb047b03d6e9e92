"""Everything that is held of a person, as they may ask for it: plain headings, every row, nothing of anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.services.opening import called
from connector.services.privacy.whom import by_lead
from connector.store import connections, fields, holdings, inputs, leads, ledger, objections
from connector.store.types import AnyRow

_HIDDEN = frozenset({"tenant_id", "connection_id", "record_id", "lead_id", "claim", "salt", "site_id", "visitor_id"})
"""Numbers of rows and workers: they name the person nowhere outside."""


def held_of(services: Services, tenant_id: UUID, lead_id: int, asked_by: str) -> dict[str, Any] | None:
    """Return what is held of a lead's person, heading → contents; None where the tenant has no such lead.

    That somebody read it is on the record.
    """
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        if not leads.existing(session, tenant_id, [lead_id]):
            return None
        told = _all(services, session, tenant_id, lead_id, now)
        body = {"action": "gave out what is held", "asked_by": asked_by}
        ledger.append(session, tenant_id, [ledger.Entry("accessed", lead_id, body)], now)
    return told


def as_text(told: Mapping[str, Any]) -> str:
    """Return it as JSON that people can read."""
    return json.dumps(told, ensure_ascii=False, indent=2) + "\n"


def _all(services: Services, session: Connection, tenant_id: UUID, lead_id: int, now: datetime) -> dict[str, Any]:
    accounts = {account.id: account for account in connections.of_tenant(session, tenant_id)}
    labels = {(row.connection_id, row.name): row.label for row in fields.of_tenant(session, tenant_id)}
    person = by_lead(session, tenant_id, lead_id)
    found = holdings.of_lead(session, tenant_id, lead_id, person.addresses if person else ())
    objected = objections.since(session, tenant_id, lead_id)

    def account(row: AnyRow) -> str:
        return called(services, accounts[row.connection_id])

    def named(row: AnyRow, values: Mapping[str, Any]) -> dict[str, Any]:
        return {labels.get((row.connection_id, name), name): _plain(value) for name, value in values.items()}

    records = [_row(row) | {"account": account(row), "properties": named(row, row.properties)} for row in found.records]
    changes = [_row(row) | {"name": labels.get((row.connection_id, row.name), row.name)} for row in found.changes]
    return {
        "Held on": _plain(now),
        "Who it is taken to be": _rows(found.leads),
        "Who else it was taken to be": [{"lead": row.lead_id, "until": _plain(row.at)} for row in found.joined],
        "May be profiled": "yes" if objected is None else f"no, since {_plain(objected)}",
        "Records in the CRM accounts": records,
        "Values of fields, and since when": changes,
        "Links between records": _rows(found.links),
        "Companies": [_row(row) | {"properties": named(row, row.properties)} for row in found.companies],
        "What happened": _rows(found.events),
        "Outcomes": _rows(found.conversions),
        "Visitors of the organisation's sites": _rows(found.visitors),
        "What was done on the organisation's sites": _rows(found.tracked),
        "Score": _rows(found.scores),
        "What was recorded of scores": [
            _row(row) | {"lead": row.lead_id, "body": _parsed(row.body)} for row in found.entries
        ],
        "What the scores were made of": _vectors(session, tenant_id, lead_id),
        "Values written to the CRM accounts": _rows(found.outbox),
        "How fast scores came": _rows(found.traces),
        "Hints that something changed": _rows(found.hints),
        "What could not be read": _rows(found.refusals),
        "Messages to the organisation's systems": _rows(found.messages),
        "Experiments, and which arm": _rows(found.trials),
        "Scores that were set by hand": _rows(found.overrides),
        "Why they are left out of scoring": _rows(found.exclusions),
        "Lists of the week": _rows(found.lists),
        "Where they stood before the outcome": _rows(found.looks),
    }


def _vectors(session: Connection, tenant_id: UUID, lead_id: int) -> list[dict[str, Any]]:
    return [
        {"model": batch.model, "inputs": {name: _plain(value) for name, value in row.items() if name != "lead_id"}}
        for batch, row in inputs.of_lead(session, tenant_id, lead_id)
    ]


def _rows(rows: Iterable[AnyRow]) -> list[dict[str, Any]]:
    return [_row(row) for row in rows]


def _row(row: AnyRow) -> dict[str, Any]:
    told = {name: _plain(value) for name, value in row._mapping.items() if name not in _HIDDEN}
    return {name.replace("_", " "): value for name, value in told.items() if value is not None}


def _parsed(body: str | None) -> Any:
    return None if body is None else json.loads(body)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: times in ISO 8601, amounts as their digits."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(part) for part in value]
    return value
