"""Bring a database to the newest (or any) version of the schema."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from connector.store.session import Store

_SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"
_LOCK = 7_301_442_118
"""Any number: the key of the advisory lock under which one process at a time migrates."""


def upgrade(store: Store, revision: str = "head") -> None:
    """Migrate up to ``revision``; safe when several processes start at once."""
    _run(store, lambda config: command.upgrade(config, revision))


def downgrade(store: Store, revision: str) -> None:
    """Migrate down to ``revision`` (``base``: an empty database)."""
    _run(store, lambda config: command.downgrade(config, revision))


@cache
def newest() -> str:
    """Return the revision that this version of the product needs: its scripts are read once."""
    return str(ScriptDirectory(str(_SCRIPTS)).get_current_head())


def current(connection: Connection) -> str | None:
    """Return the revision that a database is at, None for one that was never migrated."""
    return MigrationContext.configure(connection).get_current_revision()


def _run(store: Store, step: Callable[[Config], None]) -> None:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    with store.rebuilding() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
        config.attributes["connection"] = connection
        step(config)
