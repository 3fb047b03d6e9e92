"""When the tag is given, when it is taken, and when that starts no automation."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from connector.adapters.mailchimp.audiences import Audiences
from connector.adapters.mailchimp.calls import Call, lists
from connector.adapters.mailchimp.score_values import has_tag
from connector.adapters.mailchimp.values import Json, UnreadableError, moment, part, rows, text

FILLING = timedelta(days=1)
"""For so long after the tag was made, contacts from before it get it without starting automations.

Else the first scores of an old audience would send thousands of nurture mails on one day.
"""

SUBSCRIBED = "subscribed"


class Person(Protocol):
    """Who is to have the tag, or not."""

    @property
    def list_id(self) -> str:
        """The audience."""

    @property
    def contact_id(self) -> str:
        """The contact."""

    @property
    def tagged(self) -> bool:
        """Whether the tag is to be there."""


def tag_call(audiences: Audiences, person: Person, member: Json, before: Json | None) -> Call | None:
    """Return the call that gives or takes the tag, None where the member is as wanted.

    ``before`` is the member before its score was written, where that is known. Nobody but a subscribed
    member gets the tag: what it starts is mail.
    """
    wanted = person.tagged and member.get("status") == SUBSCRIBED
    if has_tag(member, audiences.tag_name) == wanted and _all_tags(member):
        return None
    body = {
        "tags": [{"name": audiences.tag_name, "status": "active" if wanted else "inactive"}],
        "is_syncing": wanted and _filling(audiences, person.list_id, member, before),
    }
    found: Call = lists.update_list_member_tags(person.list_id, person.contact_id, body)
    return found


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
