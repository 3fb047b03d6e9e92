"""What a CRM gives back is compared with what was meant."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from connector.records import ScoreValues, Tier
from connector.services.opening import open_adapter
from connector.services.values import to_json
from connector.services.writeback import holds
from connector.store import connections
from connector.store.session import Store
from tests.world import world

VALUES = to_json(ScoreValues(Decimal("50.0"), Decimal("0.05"), Tier.LOW, (), "", datetime(2026, 3, 1, tzinfo=UTC)))


@pytest.mark.parametrize(
    ("held", "equal"),
    [
        ({"lead_score": "50.0", "lead_score_tier": "Low", "lead_score_model": ""}, True),
        ({"lead_score": "50.0", "lead_score_tier": "Low"}, True),
        ({"lead_score": "50.0"}, False),
        ({"lead_score": "51.0", "lead_score_tier": "Low"}, False),
        ({"lead_score": "50.0", "lead_score_tier": "Low", "lead_score_model": "model_v20260301"}, False),
        ({}, False),
    ],
)
def test_an_empty_text_and_none_are_the_same(store: Store, held: dict[str, str], equal: bool) -> None:
    """A lost worker's writes are found again although the CRM keeps no empty text."""
    made = world(store)
    made.install()
    with store.reading() as session:
        connection = connections.newest(session)
    assert holds(open_adapter(made.services, connection.id), VALUES, held) is equal
