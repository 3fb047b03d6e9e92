"""What is done about one record, call by call, whoever carries the calls out.

Its score first, whose answer is the whole member; then its tag, where that has to change; then the nurture
journey, for a lead that enters the band. Each answer says what comes next.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum

from connector.adapters.mailchimp.archive import Result
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import PAGE, Call, lists
from connector.adapters.mailchimp.errors import BAD_REQUEST, FORBIDDEN, NOT_FOUND, PASSING, sentence_of
from connector.adapters.mailchimp.journeys import NO_ANSWER, NO_AUDIENCE, journey_of
from connector.adapters.mailchimp.mapping import ARCHIVED, MEMBER_FIELDS
from connector.adapters.mailchimp.score_values import as_json
from connector.adapters.mailchimp.tagging import GIVEN, TagStep, tag_step
from connector.adapters.mailchimp.values import Json, address, iso, money, part
from connector.adapters.mailchimp.wanted import GONE, Answers, Wanted
from connector.records import WriteOutcome

RECENTLY = timedelta(days=7)
"""How far back archived members are looked for; any sync since removed those before it."""

CLEANED = "cleaned"
NO_LIST = "The contact's audience is gone."
UNPREPARED = "This audience has neither the score's field nor the tag yet; the next run makes them."
NOT_TAKEN = "Mailchimp did not take the score: its field is missing in this audience. The next run makes it again."
SHUT = {
    ARCHIVED: "The contact is archived.",
    CLEANED: "Mail to the contact bounced for good; Mailchimp has cleaned it.",
}


class Stage(IntEnum):
    """What a call is for, in the order in which a record goes through them."""

    READ = 1
    SCORE = 2
    TAG = 3
    JOURNEY = 4


@dataclass(frozen=True, slots=True)
class Step:
    """The next call of a record."""

    item: Wanted
    stage: Stage
    call: Call


class Writing:
    """One write on its way. Keeps what it has to know of a record between its calls, and no member."""

    def __init__(self, audiences: Audiences, answers: Answers) -> None:
        """Make no request."""
        self._audiences = audiences
        self._answers = answers
        self._before: dict[str, Json] = {}
        self._tags: dict[str, TagStep] = {}
        self._addresses: dict[str, str] = {}

    def admit(self) -> None:
        """End the records whose audience is gone or not prepared."""
        there = {audience.list_id for audience in self._audiences.all()}
        for item in self._answers.left():
            if item.list_id not in there:
                self._answers.end(item, WriteOutcome.GONE, NO_LIST)
            elif self._field(item) is None and self._audiences.tag(item.list_id) is None:
                self._answers.end(item, WriteOutcome.NEEDS_ADMIN, UNPREPARED)

    def shut_out_archived(self) -> None:
        """End the records that were archived since the last sync may have seen them: a write might bring them back."""
        since = iso(self._audiences.now() - RECENTLY)
        for list_id in dict.fromkeys(item.list_id for item in self._answers.left()):
            found = {raw.get("contact_id") for raw in self._archived_since(list_id, since)}
            for item in self._answers.left():
                if item.list_id == list_id and item.contact_id in found:
                    self._answers.end(item, WriteOutcome.GONE, SHUT[ARCHIVED])

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

    def read_first(self, item: Wanted) -> Step:
        """Return the call that reads a member before it is written."""
        return Step(item, Stage.READ, _reading(item))

    def score(self, item: Wanted) -> Step:
        """Return the call that writes a score; where there is no field for it, the member is only read."""
        field = self._field(item)
        if field is None:
            return Step(item, Stage.SCORE, _reading(item))
        body = {"merge_fields": {field: as_json(item.score)}}
        call = lists.update_list_member(item.list_id, item.contact_id, body, skip_merge_validation=True)
        return Step(item, Stage.SCORE, call)

    @staticmethod
    def may_change_tag(item: Wanted) -> bool:
        """Tell whether the answer to a score will perhaps ask for the tag to be given or taken."""
        return item.tagged or GIVEN in item.marks

    def may_lead_on(self, step: Step) -> bool:
        """Tell whether another call is to be expected after one."""
        return step.stage is not Stage.SCORE or self.may_change_tag(step.item)

    def answered(self, step: Step, result: Result) -> Step | None:
        """Take the answer to a call; return the record's next one, None where it is at its end."""
        if step.stage is Stage.JOURNEY:
            self._written(step.item, "" if result.status < BAD_REQUEST else _not_added(result.body))
            return None
        if not self._good(step.item, result):
            return None
        if step.stage is Stage.TAG:
            return self._tagged(step.item)
        if step.stage is Stage.READ:
            self._before[step.item.record_id] = result.body
            if not self._holds(step.item, result.body):
                return self.score(step.item)
        return self._scored(step.item, result.body)

    def unanswered(self, step: Step) -> None:
        """Take that nobody knows what became of a call. What must not be done twice is at its end then."""
        if step.stage is Stage.JOURNEY:
            self._written(step.item, NO_ANSWER)

    def _scored(self, item: Wanted, member: Json) -> Step | None:
        if not self._holds(item, member):
            self._audiences.forget(item.list_id)
            self._answers.end(item, WriteOutcome.NEEDS_ADMIN, NOT_TAKEN)
            return None
        step = tag_step(self._audiences, item, member, self._before.pop(item.record_id, None))
        self._tags[item.record_id] = step
        if step.call is None:
            self._written(item)
            return None
        if step.entry:
            self._addresses[item.record_id] = address(member.get("email_address")) or ""
        return Step(item, Stage.TAG, step.call)

    def _tagged(self, item: Wanted) -> Step | None:
        email = self._addresses.pop(item.record_id, None)
        journey = journey_of(self._audiences) if email else None
        message = ""
        if email and journey is not None:
            if journey.list_id == item.list_id or len(self._audiences.all()) == 1:
                return Step(item, Stage.JOURNEY, journey.call(email))
            message = "" if journey.list_id else NO_AUDIENCE
        self._written(item, message)
        return None

    def _written(self, item: Wanted, message: str = "") -> None:
        tag = self._tags.pop(item.record_id)
        self._answers.end(item, WriteOutcome.WRITTEN, message or tag.message, tag.marks)

    def _good(self, item: Wanted, result: Result) -> bool:
        """Tell whether an answer can be gone on with; otherwise end its record."""
        status = str(result.body.get("status"))
        if result.status >= BAD_REQUEST:
            self._answers.end(item, *_refused(result))
        elif status in SHUT:
            self._answers.end(item, WriteOutcome.GONE, SHUT[status])
        else:
            return True
        return False

    def _field(self, item: Wanted) -> str | None:
        return self._audiences.score_tag if self._audiences.has_score_field(item.list_id) else None

    def _holds(self, item: Wanted, member: Json) -> bool:
        """Tell whether a member has its score already, or can have none."""
        field = self._field(item)
        return field is None or money(part(member, "merge_fields").get(field)) == item.score


def _reading(item: Wanted) -> Call:
    found: Call = lists.get_list_member(item.list_id, item.contact_id, fields=MEMBER_FIELDS)
    return found


def _refused(result: Result) -> tuple[WriteOutcome, str]:
    """Return what a refusal of one operation means for its record."""
    if result.status == NOT_FOUND:
        return WriteOutcome.GONE, GONE
    if result.status in PASSING or (result.status == FORBIDDEN and not result.body):
        return WriteOutcome.RETRY, "Mailchimp was busy."
    return WriteOutcome.NEEDS_ADMIN, sentence_of(result.body)


def _not_added(body: Mapping[str, object]) -> str:
    return f"Not added to the nurture journey: {sentence_of(body)}"
