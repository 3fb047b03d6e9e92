"""Reading back what members hold of a score: few one by one, many as batch jobs."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from connector.adapters.mailchimp.archive import Result
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.batches import OPERATIONS
from connector.adapters.mailchimp.calls import Call, lists
from connector.adapters.mailchimp.errors import NOT_FOUND, VENDOR
from connector.adapters.mailchimp.jobs import Jobs
from connector.adapters.mailchimp.mapping import MEMBER_FIELDS
from connector.adapters.mailchimp.score_values import as_rendered
from connector.adapters.mailchimp.score_writes import ONE_BY_ONE
from connector.adapters.mailchimp.values import split_id
from connector.errors import RetryLater, VendorFault

OK = 200

Texts = Mapping[str, str]


def read(audiences: Audiences, record_ids: Sequence[str]) -> dict[str, Texts]:
    """Return record id → our field name → text; records that are gone are left out.

    Raises ``RetryLater`` where an answer is missing: a record must not be taken for empty.
    """
    calls: dict[str, Call] = {
        key: lists.get_list_member(*parts, fields=MEMBER_FIELDS)
        for key in dict.fromkeys(record_ids)
        if (parts := split_id(key)) is not None
    }
    return _singly(audiences, calls) if len(calls) <= ONE_BY_ONE else _as_jobs(audiences, calls)


def _singly(audiences: Audiences, calls: Mapping[str, Call]) -> dict[str, Texts]:
    answers = {key: audiences.session.send("member", call, accept=(NOT_FOUND,)) for key, call in calls.items()}
    return {
        key: as_rendered(answer.body, audiences.names) for key, answer in answers.items() if answer.status != NOT_FOUND
    }


def _as_jobs(audiences: Audiences, calls: Mapping[str, Call]) -> dict[str, Texts]:
    jobs, keys = Jobs(audiences), list(calls)
    waiting = deque(keys[start : start + OPERATIONS] for start in range(0, len(keys), OPERATIONS))
    handed_in: deque[Sequence[str]] = deque()
    found: dict[str, Texts] = {}
    while waiting or handed_in:
        while waiting and jobs.room:
            handed_in.append(waiting.popleft())
            jobs.hand_in({key: calls[key] for key in handed_in[-1]})
        results = jobs.next_results()
        for key in handed_in.popleft():
            if (texts := _texts(audiences, results.get(key))) is not None:
                found[key] = texts
    return found


def _texts(audiences: Audiences, result: Result | None) -> Texts | None:
    """Return what an answer holds, None for a record that is gone."""
    status = 0 if result is None else result.status
    if result is not None and status == OK:
        return as_rendered(result.body, audiences.names)
    if status == NOT_FOUND:
        return None
    raise RetryLater("Mailchimp gave no answer for a contact.", fault=VendorFault(VENDOR, "batch", status))
