"""The sandbox's HubSpot as data: accounts with their records, and who may reach them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connector.sandbox.config import Portal
from connector.sandbox.hubspot.catalogue import Catalogue
from connector.sandbox.hubspot.definitions import OBJECT_TYPES
from connector.sandbox.hubspot.grants import Grants
from connector.sandbox.hubspot.limits import Window, windows
from connector.sandbox.hubspot.links import Links
from connector.sandbox.hubspot.marketing_data import Marketing
from connector.sandbox.hubspot.notices import Notices
from connector.sandbox.hubspot.records import ObjectTable
from connector.sandbox.state import Stage

FIRST_ID = 1001
"""Ids of an account's records count from here, in order of creation."""


@dataclass(slots=True)
class Account:
    """One portal's data."""

    portal: Portal
    tables: Mapping[str, ObjectTable]
    catalogues: Mapping[str, Catalogue]
    windows: Mapping[str, Window]
    links: Links = field(default_factory=Links)
    marketing: Marketing = field(default_factory=Marketing)
    blocked_addresses: set[str] = field(default_factory=set)
    truth: dict[str, float] = field(default_factory=dict)
    as_of: datetime | None = None
    tenant: dict[str, object] = field(default_factory=dict)
    workflows: list[dict[str, Any]] = field(default_factory=list)
    next_id: int = FIRST_ID

    def new_id(self) -> int:
        """Return the id of the next record."""
        self.next_id += 1
        return self.next_id - 1


@dataclass(slots=True)
class Hub:
    """Everything that the endpoints share."""

    stage: Stage
    accounts: Mapping[int, Account]
    grants: Grants
    notices: Notices

    def now_ms(self) -> int:
        """Return the sandbox's time in epoch milliseconds."""
        return self.stage.clock.now_ms()


def build_hub(stage: Stage) -> Hub:
    """Return a hub with empty accounts."""
    config = stage.config
    return Hub(
        stage=stage,
        accounts={portal.portal_id: _account(stage, portal) for portal in config.portals},
        grants=Grants(config.app, config.oauth, stage.clock),
        notices=Notices(config.app, config.webhooks, stage.clock),
    )


def _account(stage: Stage, portal: Portal) -> Account:
    lag_ms = round(stage.config.index_lag_seconds * 1000)
    return Account(
        portal=portal,
        tables={name: ObjectTable(name, lag_ms) for name in OBJECT_TYPES},
        catalogues={name: Catalogue(name, portal.custom_property_quota) for name in OBJECT_TYPES},
        windows=windows(stage.config.limits, portal),
    )


def stable_guid(*parts: object) -> str:
    """Return a GUID that depends on ``parts`` alone, so that two runs agree."""
    digest = hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
