"""The database itself refuses to change the ledger's past, and keeps tenants apart; heads of ledgers carry a seal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from connector.store import walls

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_GONE = "NOT EXISTS (SELECT 1 FROM tenants WHERE id = OLD.tenant_id)"
"""A tenant that is deleted takes its ledger along; nobody else deletes any of it."""

_KEPT = "the ledger is append-only"
_POSTGRESQL_FUNCTIONS = (
    f"""
    CREATE FUNCTION refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' AND {_GONE} THEN
            RETURN OLD;
        END IF;
        RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
    f"""
    CREATE FUNCTION refuse_ledger_truncation() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '{_KEPT}' USING ERRCODE = 'insufficient_privilege';
    END $$
    """,
)
_POSTGRESQL_TRIGGERS = {
    "ledger_kept": "BEFORE UPDATE OR DELETE ON ledger FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()",
    "ledger_kept_whole": "BEFORE TRUNCATE ON ledger EXECUTE FUNCTION refuse_ledger_truncation()",
    # What an entry said is deleted at an erasure, never changed.
    "ledger_payloads_kept": ("BEFORE UPDATE ON ledger_payloads FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()"),
    "ledger_heads_kept": "BEFORE DELETE ON ledger_heads FOR EACH ROW EXECUTE FUNCTION refuse_ledger_change()",
    "ledger_heads_forward": (
        "BEFORE UPDATE ON ledger_heads FOR EACH ROW WHEN (NEW.seq < OLD.seq OR NEW.tenant_id <> OLD.tenant_id) "
        "EXECUTE FUNCTION refuse_ledger_change()"
    ),
}
_REFUSED = f"BEGIN SELECT RAISE(ABORT, '{_KEPT}'); END"
_GIVEN = "WHEN EXISTS (SELECT 1 FROM {0} AS held WHERE held.tenant_id = NEW.tenant_id AND held.seq = NEW.seq)"
_SQLITE_TRIGGERS = {
    "ledger_kept": f"BEFORE UPDATE ON ledger {_REFUSED}",
    "ledger_kept_whole": f"BEFORE DELETE ON ledger WHEN NOT {_GONE} {_REFUSED}",
    # INSERT OR REPLACE would delete the old row without a word to the trigger on deletion.
    "ledger_not_replaced": f"BEFORE INSERT ON ledger {_GIVEN.format('ledger')} {_REFUSED}",
    "ledger_payloads_kept": f"BEFORE UPDATE ON ledger_payloads {_REFUSED}",
    "ledger_payloads_not_replaced": f"BEFORE INSERT ON ledger_payloads {_GIVEN.format('ledger_payloads')} {_REFUSED}",
    "ledger_heads_kept": f"BEFORE DELETE ON ledger_heads WHEN NOT {_GONE} {_REFUSED}",
    "ledger_heads_forward": (
        f"BEFORE UPDATE ON ledger_heads WHEN NEW.seq < OLD.seq OR NEW.tenant_id <> OLD.tenant_id {_REFUSED}"
    ),
}


def upgrade() -> None:
    """Apply the step. Heads of before are sealed by `connector migrate`, which has the key."""
    op.add_column("ledger_heads", sa.Column("seal", sa.String()))
    if op.get_bind().dialect.name == "postgresql":
        # This step raises the first walls; after it and each later one every table that has come gets its own.
        walls.complete(op.get_bind())
        for function in _POSTGRESQL_FUNCTIONS:
            op.execute(function)
        triggers = _POSTGRESQL_TRIGGERS
    else:
        triggers = _SQLITE_TRIGGERS
    for name, rest in triggers.items():
        op.execute(f"CREATE TRIGGER {name} {rest}")


def downgrade() -> None:
    """Take the step back."""
    if op.get_bind().dialect.name == "postgresql":
        walls.remove(op.get_bind())
        for name, rest in _POSTGRESQL_TRIGGERS.items():
            op.execute(f"DROP TRIGGER {name} ON {rest.partition(' ON ')[2].split()[0]}")
        op.execute("DROP FUNCTION refuse_ledger_change()")
        op.execute("DROP FUNCTION refuse_ledger_truncation()")
    else:
        for name in _SQLITE_TRIGGERS:
            op.execute(f"DROP TRIGGER {name}")
    with op.batch_alter_table("ledger_heads") as batch:
        batch.drop_column("seal")
