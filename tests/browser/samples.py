"""Every page of the application, with ids of things that a tenant has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.engine import Connection

from connector.services.context import Services
from connector.store.tables import company_scores, ledger, metadata, periodic_reports, scores
from connector.web.api.gate import ApiBlueprint

UNSHOWN = {
    "connect.start_page": "who is signed in is sent on; it is shown to who is not",
    "oauth.callback": "where a CRM sends the browser back to; the journey goes through it",
    "join.show": "an invitation's own link; the journey of an invited person goes through it",
    "unsubscribing.ask": "a link in a message, shown to who is not signed in",
    "health.healthz": "for programs",
    "health.readyz": "for programs",
    "metrics.metrics": "for programs",
    "security_txt.show": "for who finds a weakness",
    "webhooks.answer": "for programs",
    "cards.show": "for a card inside a CRM",
    "cards.account": "for the settings page inside a CRM",
    "collecting.script": "for the sites of a tenant",
    "static": "what pages are made with",
    "api-docs.openapi_json": "for programs",
}
"""GET routes that are no pages of somebody signed in, each with the reason."""


class NoSample(Exception):
    """A route's address has a part that nothing of the tenant is known for."""


def addresses(app: Flask, services: Services, tenant_id: UUID, *, strict: bool = True) -> Iterator[tuple[str, str]]:
    """Yield (endpoint, path) of each GET route that may be a page, with values of the tenant's own.

    Raises ``NoSample`` for a route that nothing of the tenant is known for; such are left out where not ``strict``.
    """
    programs = {name for name, found in app.blueprints.items() if isinstance(found, ApiBlueprint)}
    with services.store.reading(tenant_id) as session, app.test_request_context():
        adapter = app.url_map.bind("")
        for rule in app.url_map.iter_rules():
            if "GET" not in (rule.methods or ()) or rule.endpoint in UNSHOWN or rule.endpoint.split(".")[0] in programs:
                continue
            values = {name: _value(session, tenant_id, name) for name in rule.arguments}
            lacking = [name for name, value in values.items() if value is None]
            if lacking and strict:
                raise NoSample(
                    f"{rule.rule} ({rule.endpoint}) can't be shown: the filled tenant has nothing for its part "
                    f"{lacking[0]}. Let filling.py make such a thing, or say in samples.py where one is found."
                )
            if not lacking:
                yield rule.endpoint, adapter.build(rule.endpoint, values, "GET")


def _value(session: Connection, tenant_id: UUID, name: str) -> object:
    known = _KNOWN.get(name)
    return known(session, tenant_id) if known else _row(session, tenant_id, name)


def _row(session: Connection, tenant_id: UUID, name: str) -> object:
    """The first row of the table that an id is named after: ``connection_id`` of ``connections``."""
    noun = name.removesuffix("_id")
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    tables = [table for table in metadata.tables.values() if {"id", "tenant_id"} <= set(table.c.keys())]
    named = [table for table in tables if table.name == plural]
    found = named or [table for table in tables if table.name.endswith(f"_{plural}")]
    return _first(session, tenant_id, found[0]) if len(found) == 1 else None


def _first(session: Connection, tenant_id: UUID, table: sa.Table) -> object:
    query = sa.select(table.c.id).where(table.c.tenant_id == tenant_id).order_by(table.c.id).limit(1)
    return session.execute(query).scalar()


def _best_lead(session: Connection, tenant_id: UUID) -> object:
    query = sa.select(scores.c.lead_id).where(scores.c.tenant_id == tenant_id)
    return session.execute(query.order_by(scores.c.score.desc(), scores.c.lead_id).limit(1)).scalar()


def _entry_of_best_lead(session: Connection, tenant_id: UUID) -> object:
    query = sa.select(ledger.c.seq).where(ledger.c.tenant_id == tenant_id, ledger.c.kind == "scored")
    query = query.where(ledger.c.lead_id == _best_lead(session, tenant_id))
    return session.execute(query.order_by(ledger.c.seq).limit(1)).scalar()


_KNOWN: Mapping[str, Callable[[Connection, UUID], object]] = {
    "lead_id": _best_lead,
    "seq": _entry_of_best_lead,
    "company_id": lambda session, tenant_id: _first(session, tenant_id, company_scores),
    "report_id": lambda session, tenant_id: _first(session, tenant_id, periodic_reports),
}
