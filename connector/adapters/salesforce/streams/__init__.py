"""Salesforce's streams, one file a kind."""

from __future__ import annotations

from collections.abc import Mapping

from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.streams.accounts import AccountReader
from connector.adapters.salesforce.streams.activities import CalendarReader, EmailReader, MemberReader, TaskReader
from connector.adapters.salesforce.streams.base import StreamReader
from connector.adapters.salesforce.streams.census import CensusReader
from connector.adapters.salesforce.streams.deleted import DeletedReader
from connector.adapters.salesforce.streams.opportunities import OpportunityReader
from connector.adapters.salesforce.streams.persons import ContactReader, ConvertedLeadReader, LeadReader
from connector.records import Stream


def readers(org: Org) -> Mapping[str, StreamReader]:
    """Return stream name → reader, in the order in which they are to be read."""
    found: list[StreamReader] = [
        LeadReader(org),
        ContactReader(org),
        AccountReader(org),
        ConvertedLeadReader(org),
        OpportunityReader(org),
        TaskReader(org),
        CalendarReader(org),
        EmailReader(org),
        MemberReader(org),
        DeletedReader(org, "Lead", Stream("deleted_leads", "Deleted leads")),
        DeletedReader(org, "Contact", Stream("deleted_contacts", "Deleted contacts")),
        CensusReader(org),
    ]
    return {reader.stream.name: reader for reader in found}
