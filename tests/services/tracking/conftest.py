"""One migrated store for many tests, once for each kind of database: each test has a tenant of its own there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connector.store.session import Store, open_store
from tests import databases
from tests.conftest import DATABASES
from tests.services.tracking.visits import Visits, visits


@pytest.fixture(scope="package", params=DATABASES)
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store that tests leave as tenants leave a database to each other."""
    if request.param == "sqlite":
        opened = databases.sqlite_store(tmp_path_factory.mktemp("tracking") / "test.db")
        yield opened
        opened.close()
        return
    with databases.postgres_database(request.getfixturevalue("postgres_url")) as url:
        opened = open_store(url)
        yield opened
        opened.close()


@pytest.fixture
def made(shared: Store) -> Visits:
    """A tenant with a site; its CRM has nobody yet."""
    return visits(shared)
