"""When the tag is given, when it is taken, when that starts no automation, and whose word is respected.

A contact that had the tag after our last write and has it no longer was robbed of it by a person: Mailchimp tells
of no tag changes, so this is seen at the next write. It is then left off for thirty days, or until the lead has
left the band.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import Call, lists
from connector.adapters.mailchimp.score_values import has_tag
from connector.adapters.mailchimp.values import Json, UnreadableError, moment, part, rows, text
from connector.adapters.mailchimp.wanted import Wanted

FILLING = timedelta(days=1)
"""For so long after the tag was made, contacts from before it get it without starting automations.

Else the first scores of an old audience would send thousands of nurture mails on one day.
"""
HOLD = timedelta(days=30)
"""How long a tag that a person took away is not given again."""

SUBSCRIBED = "subscribed"
BAND, GIVEN, TAKEN = "in_band", "tag_given", "tag_taken"
"""What is kept of a record, each a time: since when its lead is High-Intent, when we saw or gave the tag, and
when we saw that a person had taken it away."""


@dataclass(frozen=True, slots=True)
class TagStep:
    """What is to become of the tag.

    ``call`` is None where it is as it should be. ``marks`` are to be kept of the record afterwards.
    ``entry``: the lead enters the band now, and that is news to automations.
    """

    call: Call | None
    marks: Mapping[str, str]
    message: str = ""
    entry: bool = False


def tag_step(audiences: Audiences, person: Wanted, member: Json, before: Json | None) -> TagStep:
    """Return what to do about the tag of a member.

    ``before`` is the member before its score was written, where that is known. Nobody but a subscribed
    member gets the tag: what it starts is mail.
    """
    there = has_tag(member, audiences.tag_name)
    known = there or _all_tags(member)
    now = audiences.now().isoformat()
    band = {BAND: person.marks.get(BAND, now)} if person.tagged else {}
    held = _held(audiences, person, known and not there) if person.tagged else None
    hold = {} if held is None else {TAKEN: held.isoformat()}
    if not person.tagged or member.get("status") != SUBSCRIBED:
        # Who opts out while a hold lasts, and comes back, finds it still respected.
        return TagStep(None if known and not there else _call(audiences, person, "inactive"), band | hold)
    if there or (not known and GIVEN in person.marks):
        return TagStep(None, {**band, GIVEN: person.marks.get(GIVEN, now)})
    if held is not None:
        message = f"Somebody took the tag away in Mailchimp; it is not given again before {held + HOLD:%Y-%m-%d}."
        return TagStep(None, band | hold, message)
    filling = _filling(audiences, person.list_id, member, before)
    call = _call(audiences, person, "active", syncing=filling)
    return TagStep(call, {**band, GIVEN: now}, entry=known and not filling and BAND not in person.marks)


def _call(audiences: Audiences, person: Wanted, status: str, *, syncing: bool = False) -> Call:
    body = {"tags": [{"name": audiences.tag_name, "status": status}], "is_syncing": syncing}
    found: Call = lists.update_list_member_tags(person.list_id, person.contact_id, body)
    return found


def _held(audiences: Audiences, person: Wanted, missing: bool) -> datetime | None:
    """Return since when a person's word against the tag is to be respected, None where there is none.

    ``missing``: the contact surely has no tag. One that was itself made anew since our last write was taken
    from nobody.
    """
    now = audiences.now()
    taken, given = (_time(person.marks.get(name)) for name in (TAKEN, GIVEN))
    if taken is not None:
        return taken if now - taken < HOLD else None
    if not missing or given is None:
        return None
    tag = audiences.tag(person.list_id)
    return now if tag is not None and tag.created_at <= given else None


def _time(stamp: str | None) -> datetime | None:
    try:
        return None if stamp is None else moment(stamp, "a mark")
    except UnreadableError:
        return None


def _all_tags(member: Json) -> bool:
    """Tell whether the member names all its tags: it names no more than fifty."""
    count = member.get("tags_count")
    return not isinstance(count, int) or count <= len(rows(member, "tags"))


def _filling(audiences: Audiences, list_id: str, member: Json, before: Json | None) -> bool:
    """Tell whether this is the first filling of an audience, and not news of a lead."""
    tag = audiences.tag(list_id)
    if tag is None:
        return True
    if audiences.now() - tag.created_at >= FILLING:
        return False
    if before is not None and text(part(before, "merge_fields").get(audiences.score_tag or "")) is not None:
        return False
    for stamp in ("timestamp_signup", "timestamp_opt"):
        try:
            if moment(member.get(stamp), stamp) >= tag.created_at:
                return False
        except UnreadableError:
            continue
    return True
