"""One connected Salesforce org."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from connector.adapters.contract import Access, CrmAdapter
from connector.adapters.salesforce import glance, ingest, listeners, score_fields
from connector.adapters.salesforce.fields import company_fields, person_fields
from connector.adapters.salesforce.ids import OBJECTS, known_id, object_of, to_18
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.paths import REVOKE
from connector.adapters.salesforce.score_values import as_rendered, rendered
from connector.adapters.salesforce.score_writes import ScoreWriter
from connector.adapters.salesforce.session import Session
from connector.adapters.salesforce.single import SingleReader
from connector.adapters.salesforce.streams import readers
from connector.adapters.salesforce.streams.persons import PersonReader
from connector.adapters.salesforce.values import Json
from connector.errors import MissingPermission, NeedsAdmin
from connector.records import (
    Account,
    Cursor,
    FieldDefinition,
    Listener,
    Page,
    Scale,
    ScoreValues,
    ScoreWrite,
    Stream,
    WriteResult,
)

UNKNOWN_TOKEN = frozenset({"unsupported_token_type", "invalid_token"})


class SalesforceAdapter(CrmAdapter):
    """Reads and writes of one org; makes no request before it is asked something."""

    writes_in_jobs = True

    def __init__(self, access: Access, session: Session) -> None:
        """Make no request."""
        self._session = session
        self._access = access
        self._org = Org(session, access)
        self._readers = readers(self._org)
        self._writer = ScoreWriter(session)

    def account(self) -> Account:
        """Ask Salesforce which org this is."""
        return self._org.account()

    def fields(self) -> Sequence[FieldDefinition]:
        """Return the fields of leads and contacts and, named ``company.…``, those of accounts."""
        lead, contact, account = (self._described(source) for source in ("Lead", "Contact", "Account"))
        tracked = self._org.tracked("Lead") | self._org.tracked("Contact")
        return [*person_fields(lead, contact, self._org.own, tracked), *company_fields(account)]

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are to be read."""
        return [reader.stream for reader in self._readers.values()]

    def read_page(self, stream: str, cursor: Cursor | None) -> Page:
        """Read one page; an object that the user can't see says so, but one of leads and contacts is indispensable."""
        reader = self._readers[stream]
        try:
            return reader.read(cursor)
        except MissingPermission as refused:
            if isinstance(reader, PersonReader) and not any(
                self._org.sees(source, "Id") for source in OBJECTS.values()
            ):
                raise
            return Page(cursor or {}, drained=True, unavailable=f"{reader.stream.label}: {refused}")

    def read_records(self, record_ids: Sequence[str]) -> Page:
        """Read single leads and contacts; one that a merge or a conversion took over names the survivor."""
        return SingleReader(self._org).read(record_ids)

    def changed_since(self, at: datetime) -> bool:
        """Tell whether a person or what happens with them was changed by anybody but our user."""
        return glance.changed(self._org, at)

    def ensure_score_fields(self) -> Mapping[str, str]:
        """Find the packaged score fields or make them on Lead and Contact."""
        return score_fields.ensure(self._org)

    def unfit_for(self, scale: Scale) -> NeedsAdmin | None:
        """Return what is to be done where the score's field keeps too few decimals: Salesforce rounds silently."""
        return score_fields.unfit_for(self._org, scale)

    def listeners(self, field_names: Sequence[str]) -> Sequence[Listener]:
        """Return the record-triggered flows that our writes set off."""
        return listeners.listeners(self._org, frozenset(field_names))

    def write_scores(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        """Write one batch of at most 10,000 and return a result for each record."""
        return self._writer.write(writes, self._org.field_names)

    def clear_scores(self, record_ids: Sequence[str]) -> Sequence[WriteResult]:
        """Empty our fields in at most 10,000 records and return a result for each."""
        return self._writer.clear(record_ids, self._org.field_names)

    def read_scores(self, record_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Return record id → our field name → text; records that are gone are left out."""
        names = self._org.field_names
        found: dict[str, Mapping[str, str]] = {}
        for source in OBJECTS.values():
            asked = {to_18(item): item for item in record_ids if object_of(item) == source}
            rows: list[Json] = self._org.retrieve(source, list(asked), ["Id", *names.values()]) if asked else []
            known = ((asked.get(known_id(row.get("Id"))), row) for row in rows)
            found.update({item: as_rendered(row, names) for item, row in known if item is not None})
        return found

    def stop_job(self, job_id: str) -> None:
        """Abort an ingest job, and see that it has ended."""
        ingest.stop(self._session, job_id)

    def rendered(self, values: ScoreValues) -> Mapping[str, str]:
        """Return our field name → the text that a write stores."""
        return rendered(values)

    def disconnect(self) -> None:
        """Revoke the grant, with which its sessions end; without its token at least this session.

        A token that Salesforce no longer knows was revoked before.
        """
        token = self._access.grant_token() or self._access.token()
        try:
            self._session.lean("revoke", "POST", REVOKE, lambda _: None, data={"token": token})
        except NeedsAdmin as refused:
            if refused.fault is None or refused.fault.category not in UNKNOWN_TOKEN:
                raise

    def record_url(self, record_id: str) -> str:
        """Return the record's page, to which Salesforce forwards from its id."""
        return f"{self._session.origin}/{record_id}"

    def _described(self, source: str) -> Mapping[str, Json]:
        try:
            return self._org.fields(source)
        except MissingPermission:
            return {}
