"""HubSpot's streams, one file a kind."""

from __future__ import annotations

from collections.abc import Mapping

from connector.adapters.hubspot.activities import ACTIVITIES
from connector.adapters.hubspot.portal import Portal
from connector.adapters.hubspot.streams.activities import ActivityReader
from connector.adapters.hubspot.streams.archived import ArchivedContactReader, ArchivedDealReader
from connector.adapters.hubspot.streams.base import Reader
from connector.adapters.hubspot.streams.census import CensusReader
from connector.adapters.hubspot.streams.companies import CompanyReader
from connector.adapters.hubspot.streams.contacts import ContactReader
from connector.adapters.hubspot.streams.deals import DealReader
from connector.adapters.hubspot.streams.forms import FormReader
from connector.adapters.hubspot.streams.marketing_emails import MarketingEmailReader
from connector.adapters.hubspot.streams.page_views import PageViewReader


def readers(portal: Portal) -> Mapping[str, Reader]:
    """Return stream name → reader, in the order in which they are to be read."""
    found: list[Reader] = [
        ContactReader(portal),
        CompanyReader(portal),
        DealReader(portal),
        *(ActivityReader(portal, activity) for activity in ACTIVITIES),
        MarketingEmailReader(portal),
        FormReader(portal),
        PageViewReader(portal),
        ArchivedContactReader(portal),
        ArchivedDealReader(portal),
        CensusReader(portal),
    ]
    return {reader.stream.name: reader for reader in found}
