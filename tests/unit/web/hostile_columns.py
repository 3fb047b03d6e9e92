"""Which text columns of the schema hold what others wrote, and must hold a text that attacks in the hostile tenant."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import metadata

ENTERED = {
    "api_keys": {"name"},
    "companies": {"name", "properties"},
    "connections": {"account_name", "time_zone"},
    "enrichment_sources": {"config"},
    "enrichment_values": {"value"},
    "events": {"detail"},
    "exclusions": {"note", "made_by", "ended_by"},
    "feedback": {"author"},
    "fields": {"label", "options"},
    "invitations": {"name"},
    "kpi_reports": {"report"},
    "lead_views": {"name", "asked"},
    "ledger_payloads": {"body"},
    "marketing_spend": {"channel"},
    "models": {"report"},
    "objective_drafts": {"body", "why", "drafted_by"},
    "objectives": {"body", "why", "drafted_by", "signed_by"},
    "outbox": {"values", "delivered"},
    "overrides": {"note", "made_by", "ended_by"},
    "periodic_reports": {"body", "remark", "signed_by"},
    "property_changes": {"value"},
    "publications": {"listeners"},
    "records": {"properties", "name_key", "firm_key", "owner_key"},
    "scores": {"reasons"},
    "sites": {"name"},
    "tenants": {"name"},
    "tracked_events": {"detail", "arrival"},
    "users": {"name"},
}
"""Texts of people, CRMs, visitors and files, table → columns. Each must hold an attack."""

ALWAYS_OURS = frozenset(
    {
        # One of a few words of ours, or of a vendor's scheme.
        *("kind", "status", "stage", "state", "tier", "role", "scale", "region", "goal", "goal_kind", "measure"),
        *("outcome", "ended", "knowledge", "email_kind", "identified_as", "join_reason", "limited_as", "verified"),
        # A name of a model, a vendor or a source, an id, a day, a currency.
        *("model", "version", "replaced", "challenger", "champion", "vendor", "source", "source_id", "vendor_id"),
        *(
            "account_id",
            "vendor_user_id",
            "company_id",
            "event_id",
            "job_id",
            "unit",
            "day",
            "month",
            "period",
            "currency",
        ),
        # Random, hashed, signed or sealed.
        *("token_hash", "secret_hash", "former_hash", "state_hash", "session_hash", "invitation_hash", "request_hash"),
        *("inputs_hash", "hash", "sha256", "commitment", "salt", "seal", "sealed", "secret", "former_secret", "mark"),
        *("access_token", "refresh_token", "hook_secrets", "code_verifier", "prefix", "dedupe_key"),
        # An address, a domain or a key made of one, which an address's grammar keeps plain.
        *("email", "mailbox", "person_key", "company_key", "domain", "url", "ui_url", "api_origin", "origins"),
    }
)
"""Columns that hold no text of others in any table."""

OURS = {
    "api_answers": {"name": "printable marks of a program's own; shown nowhere", "headers": "ours"},
    "api_keys": {"scopes": "words of ours"},
    "api_recomputations": {"former": "numbers of leads"},
    "api_uses": {"body": "what was asked for, in words of ours, and numbers of leads"},
    "connections": {
        "status_reason": "a sentence of ours",
        "notice": "a sentence of ours",
        "granted_by": "an id of the CRM",
        "scopes": "words of the vendor",
        "field_names": "names of fields that we made",
        "options": "checked against the vendor's own pattern",
    },
    "conversions": {"subject": "an id of the CRM"},
    "departures": {"message": "a sentence of ours"},
    "digest_recipients": {"trouble": "a sentence of ours"},
    "drift_alarms": {
        "label": "a field's label, as in fields.label",
        "sentence": "holds the label",
        "action": "a sentence of ours",
        "subject": "a field's name",
    },
    "drift_findings": {"subject": "a field's name", "told": "figures"},
    "drift_references": {"reference": "figures of a model, shown by its alarms alone"},
    "enrichment_sources": {"name": "the name of a source", "trouble": "a sentence of ours"},
    "enrichment_values": {"field": "a–z, 0–9 and _"},
    "erasures": {
        "asked_by": "a user's or a key's name, as in users.name",
        "message": "a sentence of ours",
        "person": "keys of the person; shown nowhere",
        "found": "what a CRM answered about the person; shown nowhere",
    },
    "events": {"subject": "an id of the CRM", "actor": "a word of ours"},
    "exclusions": {"value": "a domain or an id", "reason": "a word of ours"},
    "experiments": {
        "key": "random",
        "plan": "figures",
        "looks": "figures",
        "watched": "figures",
    },
    "feedback": {"reason": "a word of ours"},
    "fields": {
        "name": "a CRM's own name of a field",
        "type": "a word of ours",
        "excludes": "a CRM's values; shown nowhere",
    },
    "forecasts": {"body": "figures"},
    "installs": {"login": "checked against the vendor's own places"},
    "intents": {"subject": "an id", "message": "a sentence of ours"},
    "lanes": {"message": "a sentence of ours"},
    "leads": {"key": "a key made of an address or an id"},
    "ledger_checks": {"found": "numbers of entries"},
    "model_shares": {"share": "figures"},
    "models": {"decision": "sentences of ours"},
    "outbox": {"message": "a sentence of ours", "marks": "ids", "sent": "as values, while they are on their way"},
    "overrides": {"reason": "a word of ours"},
    "periodic_reports": {"title": "a sentence of ours", "summary": "sentences and figures of ours"},
    "pitfalls": {"key": "a word of ours", "seen": "figures, and labels as in fields.label"},
    "property_changes": {"name": "a CRM's own name of a field"},
    "publications": {"listeners_refused": "a sentence of ours"},
    "pulses": {"name": "the name of a process of ours"},
    "records": {"surname_key": "as name_key, of CRMs that part a name"},
    "rejections": {"stream": "a word of the vendor's adapter", "reason": "a sentence of ours"},
    "run_stages": {"detail": "a sentence of ours"},
    "runs": {"error": "a sentence of ours"},
    "score_maps": {"map": "figures"},
    "scores": {"base_value": "a number", "by_hand": "a word of ours and a number"},
    "sites": {"key": "random"},
    "streams": {
        "name": "a word of the vendor's adapter",
        "label": "a word of the vendor's adapter",
        "cursor": "a place in a listing; shown nowhere",
        "unavailable": "a sentence of ours",
    },
    "tenants": {"settings": "checked words and numbers"},
    "told_alerts": {"key": "a word of ours"},
    "tracked_events": {"actor": "a word of ours"},
    "tracked_refusals": {"reason": "a sentence of ours"},
    "usage_days": {"what": "a word of ours"},
    "visitors": {"name": "an id that the visitor's browser made; shown nowhere"},
    "webhook_endpoints": {"trouble": "a sentence of ours"},
    "webhook_events": {"data": "figures and ids, sent and not shown", "message": "a sentence of ours"},
    "webhook_inbox": {
        "subject": "an id of the CRM",
        "asked_by": "the name of a user, which is attacked there, or of a key",
    },
}
"""Columns whose text others can't choose, or that no page shows; each with the reason."""

_MARKS = ("<script", "&lt;script", "onload=", "onerror=", "{{ config")


def texts() -> Iterator[tuple[str, str]]:
    """(table, column) of each that holds text."""
    for table in metadata.sorted_tables:
        for column in table.c:
            if isinstance(column.type, sa.String | sa.JSON):
                yield table.name, column.name


def unlisted() -> set[tuple[str, str]]:
    """Text columns that stand on none of the lists above."""
    return {(table, name) for table, name in texts() if name not in ALWAYS_OURS} - listed(ENTERED) - listed(OURS)


def listed(names: Mapping[str, Mapping[str, str] | set[str]]) -> set[tuple[str, str]]:
    """(table, column) of a list."""
    return {(table, name) for table, columns in names.items() for name in columns}


def attacked(session: Connection) -> set[tuple[str, str]]:
    """Columns of :data:`ENTERED` in which an attack stands."""
    return {(table, name) for table, name in listed(ENTERED) if _holds(session, table, name)}


def _holds(session: Connection, table: str, name: str) -> bool:
    values = session.execute(sa.select(metadata.tables[table].c[name])).scalars()
    return any(mark in json.dumps(value, ensure_ascii=False).lower() for value in values for mark in _MARKS)
