"""Alembic's entry: migrate the database that the caller hands over."""

from __future__ import annotations

from alembic import context

from connector.store import walls
from connector.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=connection.dialect.name == "sqlite")
with context.begin_transaction():
    context.run_migrations()
    if walls.stand(connection):
        walls.complete(connection)
