"""Companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.hubspot.mapping import Pieces, company
from connector.adapters.hubspot.paths import path
from connector.adapters.hubspot.session import LONGEST_URL, Json, query_string
from connector.adapters.hubspot.streams.base import LIST_LIMIT, ObjectReader
from connector.adapters.hubspot.values import UnreadableError
from connector.records import Stream


class CompanyReader(ObjectReader):
    """The companies; contacts name theirs by ``associatedcompanyid``."""

    stream = Stream("companies", "Companies", needs_records=False)
    noun = "companies"

    def searched(self) -> Sequence[str]:
        """Return all properties: a hit is all that is needed."""
        return list(self.portal.company_properties)

    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """List with all properties, or, where their names make too long an address, list ids and read them."""
        names = list(self.portal.company_properties)
        query = {"limit": LIST_LIMIT, "after": after, "properties": names}
        if len(path("objects", object=self.noun) + query_string(query)) <= LONGEST_URL:
            answer = self.portal.session.get("objects", query, object=self.noun)
            return answer.results, answer.after
        answer = self.portal.session.get("objects", {"limit": LIST_LIMIT, "after": after}, object=self.noun)
        inputs = [{"id": str(raw["id"])} for raw in answer.results]
        body = {"inputs": inputs, "properties": names, "propertiesWithHistory": []}
        return (self.portal.session.post("read", body, object=self.noun).results if inputs else ()), answer.after

    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add companies."""
        for raw in found:
            try:
                pieces.companies.append(company(raw))
            except UnreadableError as reason:
                pieces.reject(self.stream.name, raw, str(reason))
