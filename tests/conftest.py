"""Fixtures that every part shares: throw-away servers and a store on either database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from connector.store.session import Store, open_store
from tests import databases, servers, thrift

DATABASES = ("sqlite", "postgresql")

# How long a test takes is not on trial: in a fresh checkout Hypothesis itself takes seconds for its first text.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


SHORT = {
    "scoring.models.gbm_search.TRIALS": 1,
    "scoring.models.gbm_search.MAX_ROUNDS": 40,
    "scoring.models.gbm_search.PATIENCE": 8,
    "scoring.models.net_search.PASSES": 2,
    "scoring.models.net_search.PENALTIES": (1.0,),
    "scoring.stability.RESAMPLES": 2,
    "scoring.learning_curve.DRAWS": 40,
    "scoring.lookback.looking.LATE_GROUPS": 1,
    "scoring.lookback.looking.EARLY_GROUPS": 1,
}
"""How far models of the tests are searched for."""
WHOLE = {place: getattr(import_module(place.rpartition(".")[0]), place.rpartition(".")[2]) for place in SHORT}


def searching(far: Mapping[str, object]) -> Iterator[None]:
    """Let models be searched for so far."""
    with pytest.MonkeyPatch.context() as patch:
        for place, value in far.items():
            patch.setattr(place, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def short_search() -> Iterator[None]:
    """Models of the tests are found after few trials: most tests want any model, and searching takes the longest.

    The whole search is at work in files that use ``whole_search``, and in ``make demo``, whose processes train by
    themselves.
    """
    yield from searching(SHORT)


@pytest.fixture(scope="module")
def whole_search() -> Iterator[None]:
    """Models of this file are found as the product finds them."""
    yield from searching(WHOLE)


@pytest.fixture(scope="session", autouse=True)
def thrifty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What comes out the same for each test is worked out once."""
    thrift.collect_rarely()
    with (
        thrift.compiled_templates(tmp_path_factory.mktemp("templates")),
        thrift.compiled_routes(),
        thrift.descriptions_when_asked(),
        thrift.compiled_statements(),
    ):
        yield


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The address of this worker's PostgreSQL server."""
    with servers.postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of this worker's Redis-compatible server."""
    with servers.redis_server(tmp_path_factory.mktemp("redis")) as url:
        yield url


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A migrated database with nothing in it, once for each kind."""
    if request.param == "sqlite":
        yield databases.sqlite_url(tmp_path / "test.db")
        return
    # Asked for here, so that a run on SQLite alone starts no server.
    with databases.postgres_database(request.getfixturevalue("postgres_url")) as url:
        yield url


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A migrated store, once for each kind of database."""
    opened = open_store(database_url)
    yield opened
    opened.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out: on this side of the workers only the reports are known."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.getreports("skipped"))
    for reason, tests in sorted(reasons.items()):
        terminalreporter.write_line(f"NOT TESTED ({tests} tests): {reason}", red=True, bold=True)
