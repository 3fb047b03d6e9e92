"""One connected Mailchimp account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from connector.adapters.contract import Access, CrmAdapter
from connector.adapters.mailchimp import (
    batches,
    clearing,
    hooks,
    listeners,
    preparing,
    score_reads,
    score_writes,
    unnamed,
)
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import lists, root
from connector.adapters.mailchimp.errors import NOT_FOUND
from connector.adapters.mailchimp.fields import SCORE_LABEL, TAG_LABEL, definitions
from connector.adapters.mailchimp.mapping import MEMBER_FIELDS
from connector.adapters.mailchimp.oauth import ACCOUNT_FIELDS, account_of, ui_of
from connector.adapters.mailchimp.score_fields import SCORE, TAG
from connector.adapters.mailchimp.score_values import rendered
from connector.adapters.mailchimp.session import Session
from connector.adapters.mailchimp.streams import readers
from connector.adapters.mailchimp.streams.members import MemberReader
from connector.adapters.mailchimp.values import Json, split_id
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

LABELS = {SCORE: SCORE_LABEL, TAG: TAG_LABEL}


class MailchimpAdapter(CrmAdapter):
    """Reads and writes of one account; makes no request before it is asked something."""

    writes_in_jobs = True

    def __init__(self, access: Access, session: Session) -> None:
        self._access = access
        self._session = session
        self._audiences = Audiences(session, access)
        self._members = MemberReader(self._audiences)
        self._readers = readers(self._audiences)

    def account(self) -> Account:
        """Ask Mailchimp which account this is."""
        answer = self._session.send("account", root.get_root(fields=ACCOUNT_FIELDS))
        return account_of(answer.body, self._session.origin)

    def fields(self) -> Sequence[FieldDefinition]:
        """Return what every member has, the merge fields of all audiences, and what we write."""
        audiences = [self._audiences.merge_fields(audience.list_id) for audience in self._audiences.all()]
        own = {name: LABELS[ours] for ours, name in self._audiences.names.items()}
        return definitions(audiences, own)

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are to be read."""
        return [reader.stream for reader in self._readers.values()]

    def read_page(self, stream: str, cursor: Cursor | None) -> Page:
        """Read one page; what the user may not see is said, but contacts are indispensable."""
        reader = self._readers[stream]
        try:
            return reader.read(cursor)
        except MissingPermission as refused:
            if isinstance(reader, MemberReader):
                raise
            return Page(cursor or {}, drained=True, unavailable=f"{reader.stream.label}: {refused}")

    def read_records(self, record_ids: Sequence[str]) -> Page:
        """Read single members, each named by contact or by the hash of an address; who is gone is a removal."""
        pieces = Pieces()
        read: dict[str, str] = {}
        for wanted in dict.fromkeys(record_ids):
            found = self._member(wanted)
            if found is None:
                pieces.removals.append(Removal(wanted, self._access.now(), erased=self._deleted_for_good(wanted)))
                continue
            list_id, raw = found
            # A hint by hash and one by contact may name the same member.
            contact = f"{list_id}:{raw.get('contact_id')}"
            if contact not in read:
                read[contact] = wanted
                self._members.add(pieces, list_id, [raw])
        return pieces.page({}, drained=True)

    def ensure_score_fields(self) -> Mapping[str, str]:
        """Create or find the score's field and the tag in every audience."""
        return preparing.ensure(self._audiences)

    def subscribe(self) -> Sequence[str]:
        """Make a webhook in every audience that has none of ours; return the secrets of those made now."""
        return hooks.subscribe(self._audiences, self._access.webhook_url, self._access.former_webhook_urls)

    def listeners(self, field_names: Sequence[str]) -> Sequence[Listener]:
        """Return the classic automations that go by our field or tag; newer flows can be read by nobody."""
        return listeners.listeners(self._audiences, frozenset(field_names), ui_of(self._session.origin))

    def write_scores(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        """Write one batch of at most 5,000 and return a result for each record."""
        return score_writes.write(self._audiences, writes)

    def clear_scores(self, record_ids: Sequence[str]) -> Sequence[WriteResult]:
        """Empty the score and take the tag away, one record after another, and return a result for each."""
        return clearing.clear(self._audiences, record_ids)

    def read_scores(self, record_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Return record id → our field name → text; records that are gone are left out."""
        return score_reads.read(self._audiences, record_ids)

    def stop_job(self, job_id: str) -> None:
        """Take a batch job back; what it has done stays done. Of one without a number the end is waited for."""
        if unnamed.is_one(job_id):
            unnamed.await_end(self._audiences, job_id, self._access.now())
        else:
            batches.take_back(self._session, job_id)

    def rendered(self, values: ScoreValues) -> Mapping[str, str]:
        """Return our field name → the text that a write stores, of the fields that the account has."""
        return rendered(values, self._audiences.names)

    def remove_score_fields(self) -> None:
        """Remove the score's field and the tag from every audience."""
        preparing.remove(self._audiences)

    def disconnect(self) -> None:
        """Remove our webhooks. Mailchimp has no call to give a token back: the account's user removes the app."""
        hooks.unsubscribe(self._audiences, self._access.webhook_url, self._access.former_webhook_urls)

    def record_url(self, record_id: str) -> str:
        """Return the contact's page."""
        contact = (split_id(record_id) or ("", record_id))[1]
        return f"{ui_of(self._session.origin)}/audience/contact-profile?contact_id={quote(contact, safe='')}"

    def _deleted_for_good(self, record_id: str) -> bool:
        """Tell whether a contact that is not found was deleted permanently: archived ones are found."""
        parts = split_id(record_id)
        return parts is not None and any(audience.list_id == parts[0] for audience in self._audiences.all())

    def _member(self, wanted: str) -> tuple[str, Json] | None:
        parts = split_id(wanted)
        if parts is None:
            return None
        call = lists.get_list_member(*parts, fields=MEMBER_FIELDS)
        answer = self._session.send("member", call, accept=(NOT_FOUND,))
        return None if answer.status == NOT_FOUND else (parts[0], answer.body)
