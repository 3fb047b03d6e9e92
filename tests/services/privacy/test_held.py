"""What is given out of a person is everything, and nothing of anybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from connector.services.privacy.held import as_text, held_of
from connector.store.tables import ledger, metadata
from tests.services.privacy.planted import MARK, Machine, machine

NOT_OF_THE_PERSON = {"ledger_payloads"}
"""Compared by their contents: bodies are given out read, not as a text."""


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A machine that knows the person."""
    with machine(tmp_path_factory.mktemp("held") / "data", people=120) as made:
        yield made


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)
    elif value is not None:
        yield str(value)


def test_everything_is_given_out(planted: Machine) -> None:
    """Each text with the mark in any column of any table, under a plain heading."""
    lead_id = planted.lead_id()
    assert lead_id
    told = held_of(planted.world.services, planted.tenant_id, lead_id, "test")
    assert told
    given = set(_texts(json.loads(as_text(told))))
    missing = []
    with planted.world.services.store.reading() as session:
        for table in metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                for name, value in row._mapping.items():
                    if MARK in str(value) and table.name not in NOT_OF_THE_PERSON:
                        missing += [f"{table.name}.{name}: {text}" for text in _texts(value) if text not in given]
        assert (
            session.execute(sa.select(ledger.c.kind).where(ledger.c.lead_id == lead_id)).scalars().all()[-1]
            == "accessed"
        )
    assert missing == []
    assert told["What the scores were made of"]
    assert told["What was recorded of scores"][0]["body"]["model"]
    assert told["May be profiled"] == "yes"
    assert not [text for text in given if text.startswith("p1") and "@firm" in text]
    assert "City" in told["Records in the CRM accounts"][0]["properties"]


def test_nobody_gets_what_is_another_tenants(planted: Machine) -> None:
    """Nor of a lead that is not there."""
    lead_id = planted.lead_id()
    assert lead_id
    assert held_of(planted.world.services, planted.account.id, lead_id, "test") is None
    assert held_of(planted.world.services, planted.tenant_id, lead_id + 1_000_000, "test") is None
