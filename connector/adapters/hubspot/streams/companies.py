"""Companies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.hubspot.mapping import company
from connector.adapters.hubspot.paths import path
from connector.adapters.hubspot.session import LONGEST_URL, query_string
from connector.adapters.hubspot.streams.base import LIST_LIMIT, ObjectReader
from connector.adapters.hubspot.values import Json, UnreadableError, id_of
from connector.adapters.pieces import Pieces
from connector.records import Stream

LONGEST_SEARCH = 2500
"""Characters of property names in a search, whose body HubSpot limits to 3,000."""


class CompanyReader(ObjectReader):
    """The companies; contacts name theirs by ``associatedcompanyid``.

    Where the names of an account's properties are too long for an address or a search, ids
    are read first and the companies by id.
    """

    stream = Stream("companies", "Companies", needs_records=False)
    noun = "companies"

    def searched(self) -> Sequence[str]:
        """Return all properties, if a search can carry their names."""
        names = list(self.portal.company_properties)
        return names if sum(len(name) + 3 for name in names) <= LONGEST_SEARCH else ()

    def list_page(self, after: str | None) -> tuple[Sequence[Json], str | None]:
        """List with all properties, if an address can carry their names."""
        query = {"limit": LIST_LIMIT, "after": after, "properties": list(self.portal.company_properties)}
        if len(path("objects", object=self.noun) + query_string(query)) <= LONGEST_URL:
            answer = self.portal.session.get("objects", query, object=self.noun)
            return answer.results, answer.after
        answer = self.portal.session.get("objects", {"limit": LIST_LIMIT, "after": after}, object=self.noun)
        return self._read(answer.results), answer.after

    def complete(self, hits: Sequence[Json], since: int) -> tuple[Sequence[Json], Mapping[str, Sequence[str]]]:
        """Return the hits with all their properties."""
        return hits if self.searched() else self._read(hits), {}

    def add(self, pieces: Pieces, found: Sequence[Json], linked: Mapping[str, Sequence[str]]) -> None:
        """Add companies."""
        for raw in found:
            try:
                pieces.companies.append(company(raw))
            except UnreadableError as reason:
                pieces.reject(self.stream.name, id_of(raw), reason)

    def _read(self, listed: Sequence[Json]) -> list[Json]:
        names = list(self.portal.company_properties)
        return self.portal.read_listed(self.noun, listed, names, ())
