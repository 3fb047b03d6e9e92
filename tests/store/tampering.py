"""What who owns the tables can do: put the ledger's guards aside, to see that verification finds it all the same."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection


def unguarded(session: Connection) -> Connection:
    """Put the triggers aside: on PostgreSQL until the transaction ends, on SQLite for good."""
    if session.dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL session_replication_role = replica"))
    else:
        for name in session.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all():
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    return session
