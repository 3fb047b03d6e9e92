"""Mailchimp's streams, one file a kind."""

from __future__ import annotations

from collections.abc import Mapping

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.streams.automations import AutomationReader
from connector.adapters.mailchimp.streams.base import Reader
from connector.adapters.mailchimp.streams.campaigns import CampaignReader
from connector.adapters.mailchimp.streams.census import CensusReader
from connector.adapters.mailchimp.streams.members import MemberReader
from connector.adapters.mailchimp.streams.orders import OrderReader


def readers(audiences: Audiences) -> Mapping[str, Reader]:
    """Return stream name → reader, in the order in which they are to be read."""
    found: list[Reader] = [
        MemberReader(audiences),
        CampaignReader(audiences),
        AutomationReader(audiences),
        OrderReader(audiences),
        CensusReader(audiences),
    ]
    return {reader.stream.name: reader for reader in found}
