"""Members, audiences, merge fields and segments as the API shows them."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import request

from connector.sandbox.mailchimp import merging
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.changes import unique_id
from connector.sandbox.mailchimp.hub import Hub
from connector.sandbox.mailchimp.reading import stamp
from connector.sandbox.mailchimp.records import Member, MergeField, Note, Segment

IN_SEGMENT = frozenset(
    "id email_address unique_email_id full_name email_type status merge_fields interests stats ip_signup "
    "timestamp_signup ip_opt timestamp_opt member_rating last_changed language vip email_client location last_note "
    "list_id _links".split()
)
"""What the members of a segment are shown with; a bulk answer has contact id and tags besides, but no full name."""
IN_BULK = (IN_SEGMENT - {"full_name"}) | {"contact_id", "tags", "tags_count"}


TAGS_SHOWN = 50
"""Tags that a member is shown with; the call for a member's tags has all of them."""


def links(path: str) -> list[dict[str, str]]:
    """Return the ``_links`` of a resource; Mailchimp has a dozen of them, the stand-in one."""
    return [{"rel": "self", "href": f"{request.host_url}3.0{path}", "method": "GET"}]


def member_shown(hub: Hub, member: Member) -> dict[str, Any]:
    """Return a member with everything that one is shown with."""
    audience = hub.audiences[member.list_id]
    shown: dict[str, Any] = {
        "id": member.hash,
        "email_address": member.email,
        "unique_email_id": unique_id(member.email),
        "contact_id": member.contact_id,
        "full_name": " ".join(str(member.merge[tag]) for tag in ("FNAME", "LNAME") if tag in member.merge),
        "web_id": member.web_id,
        "email_type": member.email_type,
        "status": member.status,
        "consents_to_one_to_one_messaging": True,
        "merge_fields": merging.shown(audience, member),
        "interests": {},
        "stats": _stats(member, hub.account.currency),
        "ip_signup": "",
        "timestamp_signup": stamp(member.created_ms) if member.status == "pending" else "",
        "ip_opt": "",
        "timestamp_opt": stamp(member.opted_in_ms),
        "member_rating": 4 if member.clicked else 3 if member.opened else 2,
        "last_changed": stamp(member.changed_ms),
        "language": member.language,
        "vip": member.vip,
        "email_client": "",
        "location": _location(member),
        "source": member.source,
        "tags_count": len(member.tags),
        "tags": [{"id": each, "name": audience.segments[each].name} for each in list(member.tags)[:TAGS_SHOWN]],
        "list_id": member.list_id,
        "_links": links(f"/lists/{member.list_id}/members/{member.hash}"),
    }
    if member.status == "unsubscribed":
        shown["unsubscribe_reason"] = member.unsubscribe_reason
    if member.phone:
        shown |= {"sms_phone_number": member.phone, "sms_subscription_status": "subscribed"}
    if member.notes:
        shown["last_note"] = _last_note(member.notes[-1])
    return shown


def cut_member(hub: Hub, member: Member, names: frozenset[str]) -> dict[str, Any]:
    """Return the part of a member that some answers are limited to."""
    shown = {name: value for name, value in member_shown(hub, member).items() if name in names}
    shown["stats"] = {name: value for name, value in shown["stats"].items() if name != "ecommerce_data"}
    shown["location"] = {name: value for name, value in shown["location"].items() if name != "region"}
    return shown


def _stats(member: Member, currency: str) -> dict[str, Any]:
    sent = max(member.received, 1)
    stats: dict[str, Any] = {
        "avg_open_rate": round(member.opened / sent, 4),
        "avg_click_rate": round(member.clicked / sent, 4),
    }
    if member.orders:
        stats["ecommerce_data"] = {
            "total_revenue": float(member.spent),
            "number_of_orders": member.orders,
            "currency_code": currency,
        }
    return stats


def _location(member: Member) -> dict[str, Any]:
    return {
        "latitude": 0,
        "longitude": 0,
        "gmtoff": 0,
        "dstoff": 0,
        "country_code": member.country_code,
        "timezone": "",
        "region": "",
    }


def _last_note(note: Note) -> dict[str, Any]:
    return {
        "note_id": note.note_id,
        "created_at": stamp(note.created_ms),
        "created_by": "Sandbox",
        "note": note.text,
    }


def field_shown(audience: Audience, field: MergeField) -> dict[str, Any]:
    """Return a merge field."""
    return {
        "merge_id": field.merge_id,
        "tag": field.tag,
        "name": field.name,
        "type": field.type,
        "required": field.required,
        "default_value": field.default_value,
        "public": field.public,
        "display_order": field.display_order,
        "options": {"choices": list(field.choices)} if field.choices else {"size": 25},
        "help_text": field.help_text,
        "list_id": audience.list_id,
        "_links": links(f"/lists/{audience.list_id}/merge-fields/{field.merge_id}"),
    }


def segment_shown(audience: Audience, segment: Segment, statuses: frozenset[str]) -> dict[str, Any]:
    """Return a static segment; ``member_count`` counts the members of these statuses."""
    return {
        "id": segment.segment_id,
        "name": segment.name,
        "member_count": sum(each.status in statuses for each in audience.tagged(segment.segment_id)),
        "type": "static",
        "created_at": stamp(segment.created_ms),
        "updated_at": stamp(segment.updated_ms),
        "options": {"match": "any", "conditions": []},
        "list_id": audience.list_id,
        "_links": links(f"/lists/{audience.list_id}/segments/{segment.segment_id}"),
    }


def list_shown(hub: Hub, audience: Audience, *, total: bool) -> dict[str, Any]:
    """Return an audience; ``total`` adds the number of its contacts in every state."""
    statuses = Counter(each.status for each in audience.members())
    sent = [each for each in hub.campaigns.values() if each.list_id == audience.list_id and each.sent_ms is not None]
    stats: dict[str, Any] = {
        "member_count": statuses["subscribed"],
        "unsubscribe_count": statuses["unsubscribed"],
        "cleaned_count": statuses["cleaned"],
        "campaign_count": len(sent),
        "campaign_last_sent": stamp(max((each.sent_ms or 0 for each in sent), default=None)),
        "merge_field_count": len(audience.merge_fields),
    }
    if total:
        stats["total_contacts"] = statuses.total()
    return {
        "id": audience.list_id,
        "web_id": audience.web_id,
        "name": audience.name,
        "permission_reminder": "You signed up on our website.",
        "date_created": stamp(audience.created_ms),
        "list_rating": 3,
        "email_type_option": False,
        "visibility": "prv",
        "double_optin": False,
        "has_welcome": False,
        "marketing_permissions": False,
        "modules": [],
        "stats": stats,
        "_links": links(f"/lists/{audience.list_id}"),
    }
