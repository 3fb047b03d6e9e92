"""Transactions on pooled connections."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy.exc import OperationalError

from connector.store.session import UNAVAILABLE, Store, open_store

_WHO = "SELECT pg_backend_pid()"
_WHOSE = "SELECT current_setting('app.tenant')"


@pytest.fixture
def pooled(postgres_url: str) -> Iterator[Store]:
    """A server's own database: no table is needed here."""
    opened = open_store(postgres_url)
    yield opened
    opened.close()


def _end(url: str, backend: int) -> None:
    """End a connection at the server, as its restart does."""
    other = open_store(url)
    with other.reading() as session:
        # Waits until it has ended.
        assert session.exec_driver_sql(f"SELECT pg_terminate_backend({backend}, 10000)").scalar_one()
    other.close()


def test_a_connection_that_was_lost_in_the_pool_is_replaced(pooled: Store, postgres_url: str) -> None:
    """Whoever begins next notices nothing, and is the same tenant's."""
    tenant = uuid4()
    with pooled.reading() as session:
        lost = session.exec_driver_sql(_WHO).scalar_one()
    _end(postgres_url, lost)
    with pooled.transaction(tenant) as session:
        assert session.exec_driver_sql(_WHO).scalar_one() != lost
        assert session.exec_driver_sql(_WHOSE).scalar_one() == str(tenant)


def test_a_connection_that_is_lost_in_a_transaction_is_told(pooled: Store, postgres_url: str) -> None:
    """What was done in it is gone, so it is not begun anew in silence."""
    with pooled.reading() as session:
        _end(postgres_url, session.exec_driver_sql(_WHO).scalar_one())
        with pytest.raises(UNAVAILABLE):
            session.exec_driver_sql(_WHO)


def test_a_server_that_is_away_is_told() -> None:
    """By the error that everybody asks to come again for."""
    store = open_store("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(OperationalError), store.reading():
        pass
