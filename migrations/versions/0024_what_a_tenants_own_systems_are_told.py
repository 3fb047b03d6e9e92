"""A tenant's own systems are told of changed tiers by webhooks, and read scores by views.

Revision ID: 0024
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_RECORDS = """
    SELECT c.vendor || ':' || c.account_id || ':' || r.vendor_id AS name, r.id
    FROM records r JOIN connections c ON c.id = r.connection_id
    WHERE r.tenant_id = s.tenant_id AND r.lead_id = s.lead_id AND r.removed_at IS NULL
"""
_VIEWS = {
    "bi_scores": """
        SELECT s.tenant_id, s.lead_id, {score} AS score, {probability} AS probability, s.tier, s.model,
            {as_of} AS as_of, {scored_at} AS scored_at, {records} AS records,
            {reason_1} AS reason_1, {reason_2} AS reason_2, {reason_3} AS reason_3,
            l.company_key AS company, {created_at} AS lead_created_at
        FROM scores s JOIN leads l ON l.id = s.lead_id
    """,
    "bi_score_history": """
        SELECT e.tenant_id, e.seq AS entry, e.lead_id, {at} AS at, {body_score} AS score,
            {body_probability} AS probability, {body_tier} AS tier, {body_model} AS model, {body_as_of} AS as_of
        FROM ledger e JOIN ledger_payloads p ON p.tenant_id = e.tenant_id AND p.seq = e.seq
        WHERE e.kind = 'scored'
    """,
    "bi_models": """
        SELECT m.tenant_id, m.version AS model, m.status, {as_of} AS as_of, {created_at} AS created_at,
            {kind} AS kind, {verdict} AS verdict, {rows} AS rows, {conversions} AS conversions,
            {auc} AS auc, {auc_low} AS auc_low, {auc_high} AS auc_high
        FROM models m
    """,
    "bi_companies": """
        SELECT s.tenant_id, s.id AS company_id, s.company_key AS company, {probability} AS probability, s.leads,
            s.high_intent, s.best_lead_id, s.model, {as_of} AS as_of, {scored_at} AS scored_at
        FROM company_scores s
    """,
}
"""Each view with places for what the two databases say differently. Columns are an interface (docs/bi.md)."""

_TIMES = {
    "bi_scores": {"as_of": "s.as_of", "scored_at": "s.scored_at", "created_at": "l.created_at"},
    "bi_score_history": {"at": "e.at"},
    "bi_models": {"as_of": "m.as_of", "created_at": "m.created_at"},
    "bi_companies": {"as_of": "s.as_of", "scored_at": "s.scored_at"},
}
_NUMBERS = {"score": "s.score", "probability": "s.probability"}
_REPORT = {
    "kind": ("text", "kind"),
    "verdict": ("text", "verdict", "state"),
    "rows": ("bigint", "rows"),
    "conversions": ("bigint", "conversions"),
    "auc": ("double precision", "metrics", "auc", "value"),
    "auc_low": ("double precision", "metrics", "auc", "low"),
    "auc_high": ("double precision", "metrics", "auc", "high"),
}
_BODY = {
    "body_score": ("double precision", "score"),
    "body_probability": ("double precision", "probability"),
    "body_tier": ("text", "tier"),
    "body_model": ("text", "model"),
}


def _of_postgresql(view: str) -> dict[str, str]:
    def inside(column: str, kind: str, *path: str) -> str:
        return f"CAST({column} #>> '{{{','.join(path)}}}' AS {kind})"

    return {
        **{name: f"CAST({column} AS double precision)" for name, column in _NUMBERS.items()},
        **_TIMES[view],
        "records": f"(SELECT string_agg(found.name, ' ' ORDER BY found.id) FROM ({_RECORDS}) found)",  # noqa: S608 # our own text
        **{f"reason_{n}": inside("s.reasons", "text", str(n - 1), "sentence") for n in (1, 2, 3)},
        **{name: inside("m.report", *what) for name, what in _REPORT.items()},
        **{name: inside("CAST(p.body AS json)", *what) for name, what in _BODY.items()},
        "body_as_of": inside("CAST(p.body AS json)", "timestamptz", "as_of"),
    }


def _of_sqlite(view: str) -> dict[str, str]:
    def inside(column: str, kind: str, *path: str) -> str:
        value = f"json_extract({column}, '$.{'.'.join(path)}')"
        return f"CAST({value} AS REAL)" if kind == "double precision" else value

    def written(seconds: str, *how: str) -> str:
        return f"strftime('%Y-%m-%dT%H:%M:%fZ', {', '.join((seconds, *how))})"

    return {
        **{name: f"CAST({column} AS REAL)" for name, column in _NUMBERS.items()},
        # There microseconds since 1970 are kept.
        **{name: written(f"{column} / 1000000.0", "'unixepoch'") for name, column in _TIMES[view].items()},
        "records": f"(SELECT group_concat(name, ' ') FROM ({_RECORDS} ORDER BY r.id))",  # noqa: S608 # our own text
        **{f"reason_{n}": f"json_extract(s.reasons, '$[{n - 1}].sentence')" for n in (1, 2, 3)},
        **{name: inside("m.report", *what) for name, what in _REPORT.items()},
        **{name: inside("p.body", *what) for name, what in _BODY.items()},
        "body_as_of": written("json_extract(p.body, '$.as_of')"),
    }


def upgrade() -> None:
    """Add the tables, of which nobody has a row yet, and the views.

    Who reads a view on PostgreSQL reads with their own rights: the walls between tenants hold through it.
    """
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("secret_made_at", UtcTime(), nullable=False),
        sa.Column("paused_at", UtcTime()),
        sa.Column("trouble", sa.Text()),
        sa.Column("failures", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failing_since", UtcTime()),
        sa.Column("delivered_at", UtcTime()),
        sa.Column("due_at", UtcTime()),
        sa.Column("claim", sa.Uuid()),
        sa.Column("leased_until", UtcTime()),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_webhook_endpoints_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    op.create_index("ix_webhook_endpoints_tenant_id", "webhook_endpoints", ["tenant_id"])
    due = sa.text("due_at IS NOT NULL")
    op.create_index("ix_webhook_endpoints_due", "webhook_endpoints", ["due_at"], sqlite_where=due, postgresql_where=due)
    op.create_table(
        "webhook_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("lead_id", BigId),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created_at", UtcTime(), nullable=False),
        sa.Column("due_at", UtcTime()),
        sa.Column("give_up_at", UtcTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("message", sa.Text()),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_webhook_events_tenant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_events_endpoint_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["lead_id"], ["leads.id"], name=op.f("fk_webhook_events_lead_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_events")),
    )
    op.create_index("ix_webhook_events_tenant_id", "webhook_events", ["tenant_id"])
    op.create_index("ix_webhook_events_endpoint_id", "webhook_events", ["endpoint_id", "due_at", "id"])
    op.create_index("ix_webhook_events_lead_id", "webhook_events", ["lead_id"])
    postgresql = op.get_bind().dialect.name == "postgresql"
    for view, query in _VIEWS.items():
        said = _of_postgresql(view) if postgresql else _of_sqlite(view)
        options = " WITH (security_invoker = true)" if postgresql else ""
        # As the driver's own: a colon is no place for a value here.
        op.get_bind().exec_driver_sql(f"CREATE VIEW {view}{options} AS {query.format(**said)}")


def downgrade() -> None:
    """Take them away, with what waits: no older release would send it."""
    for view in _VIEWS:
        op.execute(f"DROP VIEW {view}")
    op.drop_table("webhook_events")
    op.drop_table("webhook_endpoints")
