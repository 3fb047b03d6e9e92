"""Which lead another one became, and by what an erasure finds one that became none: bodies of the ledger stay.

On SQLite a lead's number is given once and never again: else the next lead would take over an ended one's past.

Revision ID: 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store.types import BigId, UtcTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NEWEST = "max(coalesce((SELECT max(id) FROM leads), 0), coalesce((SELECT max(lead_id) FROM ledger), 0))"
_ENDED = """
    SELECT e.seq FROM ledger e
    WHERE e.tenant_id = ledger_payloads.tenant_id AND e.seq = ledger_payloads.seq
    AND e.lead_id IN (SELECT lead_id FROM successions UNION SELECT lead_id FROM lead_marks)
    AND NOT EXISTS (SELECT 1 FROM records r WHERE r.tenant_id = e.tenant_id AND r.lead_id = e.lead_id)
"""


def upgrade() -> None:
    """Apply the step."""
    op.create_table(
        "successions",
        sa.Column("lead_id", BigId, autoincrement=False, nullable=False),
        sa.Column("record_id", BigId, nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["records.id"], name=op.f("fk_successions_record_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_successions_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", "record_id", name=op.f("pk_successions")),
    )
    op.create_index("ix_successions_tenant_id", "successions", ["tenant_id", "lead_id"])
    op.create_index("ix_successions_record_id", "successions", ["record_id"])
    op.create_table(
        "lead_marks",
        sa.Column("lead_id", BigId, autoincrement=False, nullable=False),
        sa.Column("connection_id", sa.Uuid(), nullable=False),
        sa.Column("mark", sa.String(), nullable=False),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["connection_id"], ["connections.id"], name=op.f("fk_lead_marks_connection_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_lead_marks_tenant_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("lead_id", "connection_id", "mark", name=op.f("pk_lead_marks")),
    )
    op.create_index("ix_lead_marks_tenant_id_mark", "lead_marks", ["tenant_id", "mark"])
    op.create_index("ix_lead_marks_connection_id", "lead_marks", ["connection_id"])
    if op.get_bind().dialect.name == "sqlite":
        _number_leads_once()


def _number_leads_once() -> None:
    """Make the table of leads anew with AUTOINCREMENT, which only a new table can have."""
    # Else the views on it would have to be there at every moment.
    op.execute("PRAGMA legacy_alter_table=ON")
    with op.batch_alter_table("leads", recreate="always", table_kwargs={"sqlite_autoincrement": True}):
        pass
    op.execute("PRAGMA legacy_alter_table=OFF")
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'leads'")
    op.execute(f"INSERT INTO sqlite_sequence (name, seq) SELECT 'leads', {_NEWEST}")


def downgrade() -> None:
    """Take the step back, and the bodies of ended leads with it: no erasure of an older release would find them."""
    op.execute(f"DELETE FROM ledger_payloads WHERE seq IN ({_ENDED})")  # noqa: S608 # our own text
    op.drop_table("lead_marks")
    op.drop_table("successions")
