"""Writing scores, with one answer for each record.

A member is changed by ``PATCH`` with nothing but the score in it: it makes no contact, touches no
status, and bears repeating. Its answer is the whole member, so that the tag is changed only where it
has to be. Few records are written one by one, within seconds; more go as one batch job, which
holds no connection but may have to wait. Archived members are left alone: a write might bring them back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from connector.adapters.mailchimp import batches
from connector.adapters.mailchimp.archive import Result
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import PAGE, Call, lists
from connector.adapters.mailchimp.errors import BAD_REQUEST, FORBIDDEN, NOT_FOUND, PASSING, THROTTLED, sentence_of
from connector.adapters.mailchimp.mapping import ARCHIVED, MEMBER_FIELDS
from connector.adapters.mailchimp.score_values import wants_tag, whole_score
from connector.adapters.mailchimp.tagging import tag_call
from connector.adapters.mailchimp.values import Json, iso, money, part, split_id
from connector.errors import RetryLater
from connector.records import ScoreWrite, WriteOutcome, WriteResult

LARGEST_BATCH = batches.OPERATIONS
ONE_BY_ONE = 10
"""Up to so many, single answers come sooner than a job's end."""
RECENTLY = timedelta(days=7)
"""How far back archived members are looked for; any sync since removed those before it."""

CLEANED = "cleaned"
GONE = "Mailchimp has no such contact."
NO_AUDIENCE = "The contact's audience is gone."
UNPREPARED = "This audience has neither the score's field nor the tag yet; the next run makes them."
NOT_TAKEN = "Mailchimp did not take the score: its field is missing in this audience. The next run makes it again."
SHUT = {
    ARCHIVED: "The contact is archived.",
    CLEANED: "Mail to the contact bounced for good; Mailchimp has cleaned it.",
}

Results = dict[str, WriteResult]
Perform = Callable[[Mapping[str, Call]], Mapping[str, Result]]


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record's write: who in which audience, and what they are to have."""

    record_id: str
    list_id: str
    contact_id: str
    score: int
    tagged: bool

    def result(self, outcome: WriteOutcome, message: str = "") -> WriteResult:
        """Return what became of it."""
        return WriteResult(self.record_id, outcome, message)


def write(audiences: Audiences, writes: Sequence[ScoreWrite]) -> list[WriteResult]:
    """Write ``writes`` and return a result for each, in their order; of doubles the last one counts.

    Raise ``RetryLater`` only if Mailchimp throttles before anything was written.
    """
    if len(writes) > LARGEST_BATCH:
        raise ValueError(f"a batch holds at most {LARGEST_BATCH} records, not {len(writes)}")
    results: Results = {}
    wanted = []
    for key, item in {write.record_id: write for write in writes}.items():
        parts = split_id(key)
        if parts is None:
            results[key] = WriteResult(key, WriteOutcome.GONE, GONE)
        else:
            wanted.append(Wanted(key, *parts, whole_score(item.values), wants_tag(item.values)))
    try:
        _Writing(audiences, wanted, results).run()
    except RetryLater as error:
        if error.fault is None or error.fault.status in (THROTTLED, FORBIDDEN):
            raise
        _missing(wanted, results, str(error))
    return [results[item.record_id] for item in writes]


def _missing(wanted: Sequence[Wanted], results: Results, message: str) -> None:
    """Let what has no result be tried again."""
    for item in wanted:
        results.setdefault(item.record_id, item.result(WriteOutcome.RETRY, message))


class _Writing:
    """One batch on its way: who may be written, then the scores, then the tags."""

    def __init__(self, audiences: Audiences, wanted: Sequence[Wanted], results: Results) -> None:
        self._audiences = audiences
        self._wanted = wanted
        self._results = results
        self._few = len(wanted) <= ONE_BY_ONE
        self._perform: Perform = self._singly if self._few else self._as_job

    def run(self) -> None:
        """Write; raise ``RetryLater`` where nothing was written."""
        there = {audience.list_id for audience in self._audiences.all()}
        for item in self._wanted:
            if item.list_id not in there:
                self._end(item, WriteOutcome.GONE, NO_AUDIENCE)
        before = self._members() if self._few else {}
        shut = set() if self._few else self._archived()
        for item in self._left():
            if not self._prepared(item.list_id):
                self._end(item, WriteOutcome.NEEDS_ADMIN, UNPREPARED)
            elif item.record_id in shut:
                self._end(item, WriteOutcome.GONE, SHUT[ARCHIVED])
        members = self._score(before)
        self._tag(before, members)

    def _left(self) -> list[Wanted]:
        return [item for item in self._wanted if item.record_id not in self._results]

    def _end(self, item: Wanted, outcome: WriteOutcome, message: str = "") -> None:
        self._results[item.record_id] = item.result(outcome, message)

    def _prepared(self, list_id: str) -> bool:
        return self._audiences.has_score_field(list_id) or self._audiences.tag(list_id) is not None

    def _members(self) -> dict[str, Json]:
        """Return the members as they are, and end those that are gone or shut."""
        calls = {item.record_id: _reading(item) for item in self._left() if self._prepared(item.list_id)}
        return self._taken(self._perform(calls))

    def _archived(self) -> set[str]:
        """Return the records among the wanted ones that were archived since the last sync may have seen them."""
        since = iso(self._audiences.now() - RECENTLY)
        found: set[str] = set()
        for list_id in {item.list_id for item in self._left()}:
            if self._prepared(list_id):
                found |= {f"{list_id}:{raw.get('contact_id')}" for raw in self._archived_since(list_id, since)}
        return found

    def _archived_since(self, list_id: str, since: str) -> list[Json]:
        def call(offset: int) -> Call:
            found: Call = lists.get_list_members_info(
                list_id,
                fields=("members.contact_id", "total_items"),
                status=ARCHIVED,
                since_last_changed=since,
                count=PAGE,
                offset=offset,
            )
            return found

        return self._audiences.pages("archived members", "members", call)

    def _score(self, before: Mapping[str, Json]) -> dict[str, Json]:
        """Write the scores that are not there yet and return the members as they are then."""
        calls, members = {}, {}
        for item in self._left():
            known = before.get(item.record_id)
            field = self._field(item.list_id)
            if known is not None and (field is None or _holds(known, field, item)):
                members[item.record_id] = known
            else:
                calls[item.record_id] = _reading(item) if field is None else _writing(item, field)
        members |= self._taken(self._perform(calls)) if calls else {}
        for item in self._left():
            field, member = self._field(item.list_id), members.get(item.record_id)
            if member is not None and field is not None and not _holds(member, field, item):
                self._audiences.forget(item.list_id)
                self._end(item, WriteOutcome.NEEDS_ADMIN, NOT_TAKEN)
        return members

    def _field(self, list_id: str) -> str | None:
        return self._audiences.score_tag if self._audiences.has_score_field(list_id) else None

    def _tag(self, before: Mapping[str, Json], members: Mapping[str, Json]) -> None:
        """Give and take the tag where it has to be, and end everything that has a member."""
        calls: dict[str, Call] = {}
        for item in self._left():
            if (member := members.get(item.record_id)) is None:
                continue
            call = tag_call(self._audiences, item, member, before.get(item.record_id))
            if call is None:
                self._end(item, WriteOutcome.WRITTEN)
            else:
                calls[item.record_id] = call
        if calls:
            done = self._singly(calls) if len(calls) <= ONE_BY_ONE else self._as_job(calls)
            tagged = self._taken(done)
            for item in self._left():
                if item.record_id in tagged:
                    self._end(item, WriteOutcome.WRITTEN)
        _missing(self._wanted, self._results, "Mailchimp gave no answer for this contact.")

    def _taken(self, found: Mapping[str, Result]) -> dict[str, Json]:
        """Return the answers that are good, and end the records of all others."""
        items = {item.record_id: item for item in self._wanted}
        good = {}
        for key, result in found.items():
            status = str(result.body.get("status"))
            if result.status >= BAD_REQUEST:
                self._end(items[key], *_refused(result))
            elif status in SHUT:
                self._end(items[key], WriteOutcome.GONE, SHUT[status])
            else:
                good[key] = result.body
        return good

    def _as_job(self, calls: Mapping[str, Call]) -> Mapping[str, Result]:
        try:
            return batches.run(self._audiences, calls)
        except RetryLater as error:
            return self._stopped(calls, error)

    def _singly(self, calls: Mapping[str, Call]) -> Mapping[str, Result]:
        found: dict[str, Result] = {}
        for key, call in calls.items():
            try:
                answer = self._audiences.session.send("member", call, accept=(BAD_REQUEST, NOT_FOUND))
            except RetryLater as error:
                # Whatever troubles this one troubles the next: they are not tried in vain.
                return {**found, **self._stopped([each for each in calls if each not in found], error)}
            found[key] = Result(key, answer.status, answer.body)
        return found

    def _stopped(self, left: Iterable[str], error: RetryLater) -> Mapping[str, Result]:
        """Let what is left be tried again; raise where nothing was written, since then nothing is to be told."""
        if not any(result.outcome is WriteOutcome.WRITTEN for result in self._results.values()):
            raise error
        items = {item.record_id: item for item in self._wanted}
        for key in left:
            self._end(items[key], WriteOutcome.RETRY, str(error))
        return {}


def _reading(item: Wanted) -> Call:
    found: Call = lists.get_list_member(item.list_id, item.contact_id, fields=MEMBER_FIELDS)
    return found


def _writing(item: Wanted, field: str) -> Call:
    body = {"merge_fields": {field: item.score}}
    found: Call = lists.update_list_member(item.list_id, item.contact_id, body, skip_merge_validation=True)
    return found


def _holds(member: Json, field: str, item: Wanted) -> bool:
    return money(part(member, "merge_fields").get(field)) == item.score


def _refused(result: Result) -> tuple[WriteOutcome, str]:
    """Return what a refusal of one operation means for its record."""
    if result.status == NOT_FOUND:
        return WriteOutcome.GONE, GONE
    if result.status in PASSING or (result.status == FORBIDDEN and not result.body):
        return WriteOutcome.RETRY, "Mailchimp was busy."
    return WriteOutcome.NEEDS_ADMIN, sentence_of(result.body)
