"""Taking the score and the tag away from single contacts: Mailchimp keeps the person, and nothing of ours."""

from __future__ import annotations

from collections.abc import Sequence

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import Call, lists
from connector.adapters.mailchimp.errors import BAD_REQUEST, NOT_FOUND, sentence_of
from connector.adapters.mailchimp.mapping import ARCHIVED
from connector.adapters.mailchimp.score_values import has_tag
from connector.adapters.mailchimp.transport import Answer
from connector.adapters.mailchimp.values import split_id
from connector.adapters.mailchimp.wanted import GONE
from connector.records import WriteOutcome, WriteResult


def clear(audiences: Audiences, record_ids: Sequence[str]) -> list[WriteResult]:
    """Empty our field and take our tag in these records; archived contacts are left alone."""
    there = {audience.list_id for audience in audiences.all()}
    return [_clear(audiences, item, there) for item in record_ids]


def _clear(audiences: Audiences, record_id: str, there: set[str]) -> WriteResult:
    parts = split_id(record_id)
    if parts is None or parts[0] not in there:
        return WriteResult(record_id, WriteOutcome.GONE, GONE)
    found = _send(audiences, lists.get_list_member(*parts, fields=("status", "tags")))
    if found.status == NOT_FOUND or found.body.get("status") == ARCHIVED:
        return WriteResult(record_id, WriteOutcome.GONE, GONE)
    calls = []
    if audiences.score_tag is not None and audiences.has_score_field(parts[0]):
        body = {"merge_fields": {audiences.score_tag: ""}}
        calls.append(lists.update_list_member(*parts, body, skip_merge_validation=True))
    if has_tag(found.body, audiences.tag_name):
        # ``is_syncing`` keeps automations from starting by it.
        tags = [{"name": audiences.tag_name, "status": "inactive"}]
        calls.append(lists.update_list_member_tags(*parts, {"tags": tags, "is_syncing": True}))
    for call in calls:
        answer = _send(audiences, call)
        if answer.status == NOT_FOUND:
            return WriteResult(record_id, WriteOutcome.GONE, GONE)
        if answer.status >= BAD_REQUEST:
            return WriteResult(record_id, WriteOutcome.NEEDS_ADMIN, sentence_of(answer.body))
    return WriteResult(record_id, WriteOutcome.WRITTEN)


def _send(audiences: Audiences, call: Call) -> Answer:
    return audiences.session.send("member", call, accept=(BAD_REQUEST, NOT_FOUND))
