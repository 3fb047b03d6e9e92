"""Making the score's field and the tag in every audience.

Each is looked for before it is made. Where an audience has no room for another field, the tag alone is
used there: a missing number is no reason to keep High-Intent leads from their campaign.
"""

from __future__ import annotations

from collections.abc import Mapping

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import lists
from connector.adapters.mailchimp.errors import BAD_REQUEST, NOT_FOUND, VENDOR, sentence_of
from connector.adapters.mailchimp.score_fields import DEFAULT_NAMES, HIGH_INTENT, SCORE, TAG, TAGS, choose, definition
from connector.adapters.mailchimp.score_fields import is_ours as is_our_field
from connector.errors import NeedsAdmin, VendorFault


def ensure(audiences: Audiences) -> Mapping[str, str]:
    """Find or make field and tag everywhere; return our name → name in the account.

    A field of the same tag that is not ours is left alone and another tag taken, the same in every audience.
    The score is missing in what is returned where no audience has room for its field.
    """
    found = [audience.list_id for audience in audiences.all()]
    if not found:
        return DEFAULT_NAMES
    field = choose([audiences.merge_fields(list_id) for list_id in found])
    if field is None:
        raise NeedsAdmin(
            "All tags for the score's field are taken in this Mailchimp account.",
            remedy=f"Remove or rename the field with the tag {TAGS[-1]}.",
        )
    held = [_field(audiences, list_id, field) for list_id in found]
    for list_id in found:
        _tag(audiences, list_id)
    return {SCORE: field, TAG: HIGH_INTENT} if any(held) else {TAG: HIGH_INTENT}


def remove(audiences: Audiences) -> None:
    """Remove our field and the tag from every audience, with all that they hold."""
    for audience in audiences.all():
        for raw in audiences.merge_fields(audience.list_id):
            if raw.get("tag") == audiences.score_tag and is_our_field(raw):
                call = lists.delete_list_merge_field(audience.list_id, str(raw.get("merge_id")))
                audiences.session.send("merge field", call, accept=(NOT_FOUND,))
        tag = audiences.tag(audience.list_id)
        if tag is not None:
            call = lists.delete_segment(audience.list_id, tag.segment_id)
            audiences.session.send("tag", call, accept=(NOT_FOUND,))
        audiences.forget(audience.list_id)


def _field(audiences: Audiences, list_id: str, tag: str) -> bool:
    """Make the field where it is missing; return whether the audience has it."""
    if _has_field(audiences, list_id, tag):
        return True
    call = lists.add_list_merge_field(list_id, definition(tag))
    answer = audiences.session.send("merge field", call, accept=(BAD_REQUEST,))
    audiences.forget(list_id)
    # After a refusal too: another worker was faster, or an earlier try arrived although its answer did not.
    return answer.body.get("tag") == tag or _has_field(audiences, list_id, tag)


def _has_field(audiences: Audiences, list_id: str, tag: str) -> bool:
    return any(raw.get("tag") == tag and is_our_field(raw) for raw in audiences.merge_fields(list_id))


def _tag(audiences: Audiences, list_id: str) -> None:
    if audiences.tag(list_id) is not None:
        return
    call = lists.create_segment(list_id, {"name": HIGH_INTENT, "static_segment": []})
    answer = audiences.session.send("tag", call, accept=(BAD_REQUEST,))
    audiences.forget(list_id)
    if answer.status == BAD_REQUEST and audiences.tag(list_id) is None:
        raise NeedsAdmin(
            f"Mailchimp does not let the tag {HIGH_INTENT} be made: {sentence_of(answer.body)}",
            remedy="Make the tag by hand in each audience, under Tags.",
            fault=VendorFault(VENDOR, "tag", answer.status),
        )
