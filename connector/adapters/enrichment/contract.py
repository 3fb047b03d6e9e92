"""What a provider of facts about companies offers, whoever it is.

A provider is asked about one company by its registrable domain; nothing about a person ever leaves. It answers with
texts under the names of its fields, and with the day they are of, where it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from connector.records import FieldType


@dataclass(frozen=True, slots=True)
class CompanyField:
    """A fact about a company: its name here, what people read, and how its text is read."""

    name: str
    label: str
    type: FieldType


STANDARD = {
    item.name: item
    for item in (
        CompanyField("employees", "Employees", FieldType.NUMBER),
        CompanyField("size", "Company size", FieldType.CATEGORY),
        CompanyField("revenue", "Revenue", FieldType.NUMBER),
        CompanyField("revenue_range", "Revenue range", FieldType.CATEGORY),
        CompanyField("funding", "Total funding", FieldType.NUMBER),
        CompanyField("industry", "Industry", FieldType.CATEGORY),
        CompanyField("tech_stack", "Tech stack", FieldType.MULTI),
        CompanyField("esg_rating", "ESG rating", FieldType.CATEGORY),
        CompanyField("founded", "Founded", FieldType.NUMBER),
        CompanyField("type", "Company type", FieldType.CATEGORY),
        CompanyField("country", "Country", FieldType.CATEGORY),
        CompanyField("continent", "Continent", FieldType.CATEGORY),
        CompanyField("tags", "Tags", FieldType.MULTI),
    )
}
"""Fields that several providers share, so that they mean the same wherever they come from."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a provider tells of a company: field name → text. ``as_of`` is its own word for when; None: it has none."""

    values: Mapping[str, str]
    as_of: datetime | None = None


class Provider(Protocol):
    """Someone who can be asked about companies."""

    label: str
    fields: tuple[CompanyField, ...]

    def look_up(self, domain: str) -> Finding | None:
        """Return what is known of the company at ``domain``; None where it is not known there.

        Raises ``RejectedInput`` where this domain can't be asked about, ``RetryLater`` for passing trouble (limits,
        outages), ``NeedsAdmin`` for what only a person can mend (the key, the credits, the address).
        """
        ...
