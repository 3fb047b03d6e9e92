"""A rollback, seen in each CRM: exactly the former values stand there within a minute, whatever else is going on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from connector.services import maintenance, pipeline
from connector.services.champions import choosing
from connector.services.opening import open_adapter
from connector.store import connections, outbox
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import MailchimpWorld
from tests.contract.salesforce_world import SalesforceWorld
from tests.contract.world import VendorWorld
from tests.databases import sqlite_store
from tests.e2e.live import Line, connected
from tests.services.shifting import shifting

PEOPLE = 60
MINUTE = timedelta(minutes=1)
STAMPED = ("updated", "LSUPD")
"""Parts of the names of fields that say when a value was written."""


def shown(line: Line) -> Mapping[str, Mapping[str, str]]:
    """What the CRM itself shows of everybody, but for the time of writing."""
    with line.services.store.reading() as session:
        known = sorted(outbox.delivered_of(session, line.connection_id))
    found = open_adapter(line.services, line.connection_id).read_scores(known)
    return {
        record: {name: text for name, text in values.items() if not any(part in name for part in STAMPED)}
        for record, values in found.items()
    }


@pytest.mark.parametrize("make", [HubSpotWorld, MailchimpWorld, SalesforceWorld])
def test_every_crm_shows_exactly_the_former_values_within_a_minute(
    make: type[VendorWorld], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a retraining and a refresh of the same tenant are on their way."""
    crm, store = make(), sqlite_store(tmp_path / "back.db")
    try:
        crm.fill(PEOPLE)
        crm.clock.sleep(120 * 86_400)
        with connected(store, crm) as line:
            shifting(line, monkeypatch)
            line.work()
            before = shown(line)
            assert len(before) == PEOPLE
            maintenance.start_run(line.services, line.tenant_id, pipeline.RETRAIN)
            line.work()
            assert all(shown(line)[record] != values for record, values in before.items())
            maintenance.start_run(line.services, line.tenant_id, pipeline.REFRESH)
            begun = crm.clock.now()
            choosing.roll_back(line.services, line.tenant_id)
            line.work()
            assert crm.clock.now() - begun <= MINUTE
            assert shown(line) == before
            with store.reading() as session:
                assert connections.of_tenant(session, line.tenant_id)[0].status == "active"
    finally:
        crm.stop()
        store.close()
