"""Every table of the product. Each row that belongs to a tenant carries its id."""

from connector.store.tables.base import metadata
from connector.store.tables.people import changes, companies, conversions, events, leads, links, records
from connector.store.tables.realtime import lanes, traces
from connector.store.tables.scored import (
    ledger,
    ledger_heads,
    ledger_payloads,
    model_shares,
    models,
    score_inputs,
    score_maps,
    scores,
)
from connector.store.tables.tenancy import connections, fields, installs, rejections, streams, tenants
from connector.store.tables.work import inbox, intents, outbox, run_stages, runs

__all__ = [
    "changes",
    "companies",
    "connections",
    "conversions",
    "events",
    "fields",
    "inbox",
    "installs",
    "intents",
    "lanes",
    "leads",
    "ledger",
    "ledger_heads",
    "ledger_payloads",
    "links",
    "metadata",
    "model_shares",
    "models",
    "outbox",
    "records",
    "rejections",
    "run_stages",
    "runs",
    "score_inputs",
    "score_maps",
    "scores",
    "streams",
    "tenants",
    "traces",
]
