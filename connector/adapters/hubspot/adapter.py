"""One connected HubSpot account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.contract import Access, CrmAdapter
from connector.adapters.hubspot import listeners, score_fields, score_writes
from connector.adapters.hubspot.fields import company_field, contact_field
from connector.adapters.hubspot.oauth import account_of
from connector.adapters.hubspot.paths import path
from connector.adapters.hubspot.portal import Portal
from connector.adapters.hubspot.score_values import as_rendered, rendered
from connector.adapters.hubspot.session import Session
from connector.adapters.hubspot.streams import readers
from connector.adapters.hubspot.streams.contacts import ContactReader
from connector.adapters.hubspot.values import identifiers, part
from connector.adapters.pieces import Pieces
from connector.errors import MissingPermission
from connector.records import (
    Account,
    Cursor,
    FieldDefinition,
    Listener,
    Page,
    Removal,
    ScoreValues,
    ScoreWrite,
    Stream,
    WriteResult,
)


class HubSpotAdapter(CrmAdapter):
    """Reads and writes of one account; makes no request before it is asked something."""

    def __init__(self, access: Access, session: Session, ui_url: str) -> None:
        """``ui_url`` is the origin of HubSpot's own pages, which forwards to the account's region."""
        self._session = session
        self._ui_url = ui_url
        self._account_id = access.account_id
        self._portal = Portal(session, access)
        self._readers = readers(self._portal)

    def account(self) -> Account:
        """Ask HubSpot which account this is."""
        return account_of(self._session.get("account").body, self._ui_url)

    def fields(self) -> Sequence[FieldDefinition]:
        """Return the contact properties and, named ``company.…``, the company properties."""
        own = self._portal.own
        contacts = [contact_field(raw, own) for raw in self._portal.contact_properties.values()]
        return [*contacts, *(company_field(raw) for raw in self._portal.company_properties.values())]

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are to be read."""
        return [reader.stream for reader in self._readers.values()]

    def read_page(self, stream: str, cursor: Cursor | None) -> Page:
        """Read one page; a stream that the account does not grant says so, but contacts are indispensable."""
        reader = self._readers[stream]
        try:
            return reader.read(cursor)
        except MissingPermission as refused:
            if isinstance(reader, ContactReader):
                raise
            return Page(cursor or {}, drained=True, unavailable=f"{reader.stream.label}: {refused}")

    def read_records(self, record_ids: Sequence[str]) -> Page:
        """Read single contacts; an id that a merge took over becomes a removal that names the survivor."""
        reader = ContactReader(self._portal)
        wanted = list(dict.fromkeys(record_ids))
        pieces = Pieces()
        names = list(self._portal.contact_properties)
        found, missing = self._portal.look_up("contacts", wanted, names, names)
        reader.add(pieces, found, {})
        missing -= {removal.record_id for removal in pieces.removals}
        now = self._portal.now()
        pieces.removals.extend(Removal(gone, now) for gone in wanted if gone in missing)
        return pieces.page({}, drained=True)

    def ensure_score_fields(self) -> Mapping[str, str]:
        """Create or find the score properties in their own group."""
        return score_fields.ensure(self._session, self._portal.contact_properties)

    def listeners(self, field_names: Sequence[str]) -> Sequence[Listener]:
        """Return the workflows that start by our properties."""
        url = f"{self._ui_url}/workflows/{self._account_id}/platform/flow/{{}}/edit"
        return listeners.listeners(self._session, frozenset(field_names), url)

    def write_scores(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        """Write one batch of at most 100 and return a result for each record."""
        return score_writes.write(self._session, writes, self._portal.field_names)

    def clear_scores(self, record_ids: Sequence[str]) -> Sequence[WriteResult]:
        """Empty our properties in at most 100 records and return a result for each."""
        return score_writes.clear(self._session, record_ids, self._portal.field_names)

    def read_scores(self, record_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Return record id → our field name → text; records that are gone are left out."""
        names = self._portal.field_names
        found = self._portal.read_batch("contacts", record_ids, list(names.values()), ())
        return {name: as_rendered(part(raw, "properties"), names) for raw in found for name in identifiers([raw])}

    def rendered(self, values: ScoreValues) -> Mapping[str, str]:
        """Return our field name → the text that a write stores."""
        return rendered(values)

    def remove_score_fields(self) -> None:
        """Archive the score properties."""
        score_fields.remove(self._session, self._portal.field_names, self._portal.contact_properties)

    def disconnect(self) -> None:
        """Uninstall the app from the account; HubSpot tells the customer by e-mail."""
        self._session.send("DELETE", "uninstall", path("uninstall"))

    def record_url(self, record_id: str) -> str:
        """Return the contact's page; ``0-1`` is the object type of contacts."""
        return f"{self._ui_url}/contacts/{self._account_id}/record/0-1/{record_id}"
