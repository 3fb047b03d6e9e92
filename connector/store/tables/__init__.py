"""Every table of the product. Each row that belongs to a tenant carries its id."""

from connector.store.tables.access import identities, invitations, lead_views, sign_ins, users
from connector.store.tables.api import api_answers, api_keys, api_recomputations, api_uses
from connector.store.tables.base import metadata
from connector.store.tables.drifting import drift_alarms, drift_findings, drift_references
from connector.store.tables.enriched import (
    company_scores,
    enrichment_answers,
    enrichment_sources,
    enrichment_spending,
    enrichment_values,
)
from connector.store.tables.judged import excluded_leads, exclusions, feedback, overrides
from connector.store.tables.objectives import objective_drafts, objectives, pitfalls
from connector.store.tables.outgoing import webhook_endpoints, webhook_events
from connector.store.tables.people import changes, companies, conversions, events, leads, links, records
from connector.store.tables.periodic import periodic_reports, told_reports, usage_days
from connector.store.tables.privacy import departures, erasures, lead_marks, successions, tombstones
from connector.store.tables.publishing import publications
from connector.store.tables.realtime import lanes, traces
from connector.store.tables.reporting import digest_recipients, kpi_reports, marketing_spend, told_alerts
from connector.store.tables.schedules import pulses, schedules
from connector.store.tables.scored import (
    ledger,
    ledger_checks,
    ledger_heads,
    ledger_payloads,
    lookbacks,
    model_shares,
    models,
    score_inputs,
    score_maps,
    scores,
)
from connector.store.tables.tenancy import connections, fields, installs, rejections, streams, tenants
from connector.store.tables.tracked import sites, tracked_events, tracked_refusals, visitors
from connector.store.tables.trials import experiment_leads, experiments, forecast_leads, forecasts
from connector.store.tables.work import inbox, intents, outbox, run_stages, runs, write_jobs

__all__ = [
    "api_answers",
    "api_keys",
    "api_recomputations",
    "api_uses",
    "changes",
    "companies",
    "company_scores",
    "connections",
    "conversions",
    "departures",
    "digest_recipients",
    "drift_alarms",
    "drift_findings",
    "drift_references",
    "enrichment_answers",
    "enrichment_sources",
    "enrichment_spending",
    "enrichment_values",
    "erasures",
    "events",
    "excluded_leads",
    "exclusions",
    "experiment_leads",
    "experiments",
    "feedback",
    "fields",
    "forecast_leads",
    "forecasts",
    "identities",
    "inbox",
    "installs",
    "intents",
    "invitations",
    "kpi_reports",
    "lanes",
    "lead_marks",
    "lead_views",
    "leads",
    "ledger",
    "ledger_checks",
    "ledger_heads",
    "ledger_payloads",
    "links",
    "lookbacks",
    "marketing_spend",
    "metadata",
    "model_shares",
    "models",
    "objective_drafts",
    "objectives",
    "outbox",
    "overrides",
    "periodic_reports",
    "pitfalls",
    "publications",
    "pulses",
    "records",
    "rejections",
    "run_stages",
    "runs",
    "schedules",
    "score_inputs",
    "score_maps",
    "scores",
    "sign_ins",
    "sites",
    "streams",
    "successions",
    "tenants",
    "told_alerts",
    "told_reports",
    "tombstones",
    "traces",
    "tracked_events",
    "tracked_refusals",
    "usage_days",
    "users",
    "visitors",
    "webhook_endpoints",
    "webhook_events",
    "write_jobs",
]
