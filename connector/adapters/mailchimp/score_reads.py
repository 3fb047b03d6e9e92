"""Reading back what members hold of a score: few one by one, many as one batch job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.adapters.mailchimp import batches
from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import Call, lists
from connector.adapters.mailchimp.errors import NOT_FOUND, VENDOR
from connector.adapters.mailchimp.mapping import MEMBER_FIELDS
from connector.adapters.mailchimp.score_values import as_rendered
from connector.adapters.mailchimp.score_writes import ONE_BY_ONE
from connector.adapters.mailchimp.values import Json, split_id
from connector.errors import RetryLater, VendorFault

OK = 200


def read(audiences: Audiences, record_ids: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Return record id → our field name → text; records that are gone are left out.

    Raises ``RetryLater`` where an answer is missing: a record must not be taken for empty.
    """
    calls: dict[str, Call] = {
        key: lists.get_list_member(*parts, fields=MEMBER_FIELDS)
        for key in dict.fromkeys(record_ids)
        if (parts := split_id(key)) is not None
    }
    members = _singly(audiences, calls) if len(calls) <= ONE_BY_ONE else _as_jobs(audiences, calls)
    return {key: as_rendered(member, audiences.names) for key, member in members.items()}


def _singly(audiences: Audiences, calls: Mapping[str, Call]) -> dict[str, Json]:
    answers = {key: audiences.session.send("member", call, accept=(NOT_FOUND,)) for key, call in calls.items()}
    return {key: answer.body for key, answer in answers.items() if answer.status != NOT_FOUND}


def _as_jobs(audiences: Audiences, calls: Mapping[str, Call]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    keys = list(calls)
    for start in range(0, len(keys), batches.OPERATIONS):
        chunk = keys[start : start + batches.OPERATIONS]
        results = batches.run(audiences, {key: calls[key] for key in chunk})
        for key in chunk:
            status = results[key].status if key in results else 0
            if status == OK:
                found[key] = results[key].body
            elif status != NOT_FOUND:
                raise RetryLater("Mailchimp gave no answer for a contact.", fault=VendorFault(VENDOR, "batch", status))
    return found
