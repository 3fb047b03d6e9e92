"""The view of scores tells what CRMs are told as well: a person's word where there is one, else the model's score.

Revision ID: 0043
"""

from __future__ import annotations

from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

_RECORDS = """
    SELECT r.id AS id, c.vendor || ':' || c.account_id || ':' || r.vendor_id AS name
    FROM records r JOIN connections c ON c.id = r.connection_id
    WHERE r.tenant_id = s.tenant_id AND r.lead_id = s.lead_id AND r.removed_at IS NULL
"""
_BEFORE = """
    SELECT s.tenant_id, s.lead_id, {score} AS score, {probability} AS probability, s.tier, s.model,
        {as_of} AS as_of, {scored_at} AS scored_at, {records} AS records,
        {reason_1} AS reason_1, {reason_2} AS reason_2, {reason_3} AS reason_3,
        l.company_key AS company, {created_at} AS lead_created_at{told}
    FROM scores s JOIN leads l ON l.id = s.lead_id
"""
_TOLD = ", COALESCE({hand_score}, {score}) AS told_score, COALESCE({hand_tier}, s.tier) AS told_tier"
_TIMES = {"as_of": "s.as_of", "scored_at": "s.scored_at", "created_at": "l.created_at"}


def _of_postgresql() -> dict[str, str]:
    return {
        **{name: f"CAST(s.{name} AS double precision)" for name in ("score", "probability")},
        **_TIMES,
        "records": f"(SELECT string_agg(found.name, ' ' ORDER BY found.id) FROM ({_RECORDS}) found)",  # noqa: S608 # our own text
        **{f"reason_{n}": f"CAST(s.reasons #>> '{{{n - 1},sentence}}' AS text)" for n in (1, 2, 3)},
        "hand_score": "CAST(s.by_hand #>> '{score}' AS double precision)",
        "hand_tier": "CAST(s.by_hand #>> '{tier}' AS text)",
    }


def _of_sqlite() -> dict[str, str]:
    return {
        **{name: f"CAST(s.{name} AS REAL)" for name in ("score", "probability")},
        # There microseconds since 1970 are kept.
        **{
            name: f"strftime('%Y-%m-%dT%H:%M:%fZ', {column} / 1000000.0, 'unixepoch')"
            for name, column in _TIMES.items()
        },
        "records": f"(SELECT group_concat(name, ' ') FROM ({_RECORDS} ORDER BY r.id))",  # noqa: S608 # our own text
        **{f"reason_{n}": f"json_extract(s.reasons, '$[{n - 1}].sentence')" for n in (1, 2, 3)},
        "hand_score": "CAST(json_extract(s.by_hand, '$.score') AS REAL)",
        "hand_tier": "json_extract(s.by_hand, '$.tier')",
    }


def _view(told: str, *, anew: bool) -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    said = _of_postgresql() if postgresql else _of_sqlite()
    options = " WITH (security_invoker = true)" if postgresql else ""
    query = _BEFORE.format(**said, told=told.format(**said))
    if anew or not postgresql:
        op.execute("DROP VIEW bi_scores")
    create = "CREATE OR REPLACE" if postgresql else "CREATE"
    # As the driver's own: a colon is no place for a value here.
    op.get_bind().exec_driver_sql(f"{create} VIEW bi_scores{options} AS {query}")


def upgrade() -> None:
    """Add the columns at the end: whoever was granted the view keeps it."""
    _view(_TOLD, anew=False)


def downgrade() -> None:
    """Make it as it was. On PostgreSQL it has to be granted again: columns can't be taken from a view."""
    _view("", anew=True)
