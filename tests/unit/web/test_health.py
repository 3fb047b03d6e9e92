"""What load balancers are told: the truth, in words, without secrets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa

from connector.app import create_app
from connector.crypto import TokenCipher, new_key
from connector.errors import RetryLater
from connector.store.migrate import newest
from connector.telemetry.board import LocalBoard
from tests.unit.web.site import Site, settings


class LostBoard(LocalBoard):
    """A Redis server that is away."""

    def ping(self) -> None:
        raise RetryLater("The Redis server of REDIS_URL can't be used: ConnectionError.")


def parts(site: Site) -> tuple[int, dict[str, str]]:
    """Ask for readiness; return the status and what was said of each part."""
    answer = site.browser().get("/readyz")
    return answer.status_code, answer.json["parts"]


def migrated_to(site: Site, revision: str) -> None:
    """Let the database say that it is at another revision."""
    with site.world.services.store.transaction() as session:
        session.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


def no_database(site: Site) -> None:
    with site.world.services.store.transaction() as session:
        session.exec_driver_sql("DROP TABLE alembic_version")


def older_schema(site: Site) -> None:
    migrated_to(site, "0001")


def other_keys(site: Site) -> None:
    site.signed_in()
    lost = replace(site.world.services, cipher=TokenCipher([new_key()]))
    site.app = create_app(lost, settings())


def no_redis(site: Site) -> None:
    site.app = create_app(replace(site.world.services, board=LostBoard()), settings())


@pytest.mark.parametrize(
    ("breaks", "part", "remedy"),
    [
        (no_database, "database", "python -m connector migrate"),
        (older_schema, "database", f"The schema is at 0001, this version needs {newest()}"),
        (other_keys, "encryption_keys", "Add that key to CONNECTOR_ENCRYPTION_KEYS"),
        (no_redis, "redis", "REDIS_URL can't be used"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(
    fresh: Site, breaks: Callable[[Site], None], part: str, remedy: str
) -> None:
    """503, the other parts fine; the process itself lives."""
    fresh.signed_in()
    fine = (200, {"database": "ok", "encryption_keys": "ok", "redis": "ok"})
    assert parts(fresh) == fine
    breaks(fresh)
    status, said = parts(fresh)
    assert status == 503
    assert remedy in said[part]
    assert fresh.browser().get("/healthz").status_code == 200


def test_a_newer_schema_is_that_of_an_upgrade_under_way(fresh: Site) -> None:
    """The release step migrates first: until they are replaced the old processes go on serving."""
    migrated_to(fresh, "9999")
    assert parts(fresh)[0] == 200
