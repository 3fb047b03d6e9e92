"""What one member did: activity, custom events; and the notes that users keep."""

from __future__ import annotations

import re
from typing import Any

from flask import Blueprint, Response, request

from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.members import located
from connector.sandbox.mailchimp.problems import Problem, invalid, not_found, reply
from connector.sandbox.mailchimp.reading import chosen, flag_in, json_body, parsed_ms, stamp, text_in, window
from connector.sandbox.mailchimp.records import Member, MemberEvent, Note
from connector.sandbox.mailchimp.showing import links

RECENT = 50
EVENT_NAME = re.compile(r"[A-Za-z0-9_-]{2,30}")
ACTIONS = {"unsubscribe": "unsub"}
FEED_TYPES = {"click": "click", "open": "open", "bounce": "bounce", "unsubscribe": "unsub", "sent": "sent"}

blueprint = Blueprint("activity", __name__)
Happening = tuple[int, str, dict[str, Any]]


def _wanted(parameter: str) -> frozenset[str]:
    return frozenset(filter(None, request.args.get(parameter, "").split(",")))


def _happenings(member: Member) -> list[Happening]:
    """Return (time, kind, what campaign and link) of all that a member got and did, newest first."""
    found: list[Happening] = []
    for campaign in hub().campaigns.values():
        receipt = campaign.receipts.get(member.contact_id)
        if receipt is None or campaign.sent_ms is None:
            continue
        about = {"campaign_id": campaign.campaign_id, "title": campaign.title}
        found.append((campaign.sent_ms, "sent", about))
        found += [(each.at_ms, each.kind, {**about, "url": each.url}) for each in receipt.acts]
    return sorted(found, key=lambda each: each[0], reverse=True)


@blueprint.get("/lists/<list_id>/members/<key>/activity")
def recent_activity(list_id: str, key: str) -> Response:
    """Answer the last 50 events of a member."""
    wanted = _wanted("action")
    with hub().stage.lock:
        member = located(list_id, key)
        found = [
            {**about, "action": ACTIONS.get(kind, kind), "timestamp": stamp(at), "parent_campaign": ""}
            for at, kind, about in _happenings(member)
            if not wanted or ACTIONS.get(kind, kind) in wanted
        ][:RECENT]
    about_member = {"email_id": member.hash, "contact_id": member.contact_id, "list_id": list_id}
    return chosen({"activity": found, **about_member, "total_items": len(found), "_links": links(f"/lists/{list_id}")})


@blueprint.get("/lists/<list_id>/members/<key>/activity-feed")
def activity_feed(list_id: str, key: str) -> Response:
    """Answer campaign activity, notes and custom events of a member, newest first."""
    page, wanted = window(), _wanted("activity_filters")
    with hub().stage.lock:
        member = located(list_id, key)
        found = [(at, FEED_TYPES[kind], about) for at, kind, about in _happenings(member)]
        found += [(each.updated_ms, "note", {"note_text": each.text}) for each in member.notes]
        found += [(each.at_ms, "event", {"event_name": each.name}) for each in member.events]
    shown = [
        {**about, "activity_type": kind, "created_at_timestamp": stamp(at)}
        for at, kind, about in sorted(found, key=lambda each: each[0], reverse=True)
        if not wanted or kind in wanted
    ]
    return chosen({"activity": list(page.cut(shown)), "email_id": member.hash, "list_id": list_id})


@blueprint.get("/lists/<list_id>/members/<key>/events")
def list_events(list_id: str, key: str) -> Response:
    """Answer a member's custom events, page by page."""
    page = window()
    with hub().stage.lock:
        events = list(located(list_id, key).events)
    shown = [{"occurred_at": stamp(each.at_ms), "name": each.name, "properties": each.properties} for each in events]
    return chosen({"events": list(page.cut(shown)), "total_items": len(shown)})


@blueprint.post("/lists/<list_id>/members/<key>/events")
def add_event(list_id: str, key: str) -> Response:
    """Keep a custom event; ``is_syncing`` starts no flow. Refused for members who are not subscribed."""
    body = json_body()
    name, syncing = text_in(body, "name"), flag_in(body, "is_syncing")
    if not EVENT_NAME.fullmatch(name):
        raise invalid("name", "An event's name has 2 to 30 letters, digits, dashes and underscores.")
    properties = body.get("properties") or {}
    if not isinstance(properties, dict) or not all(isinstance(each, str) for each in properties.values()):
        raise invalid("properties", "Schema describes an object of strings.")
    at_ms = parsed_ms(text_in(body, "occurred_at", default=""))
    with hub().stage.lock:
        member = located(list_id, key)
        need_subscribed(member)
        event = MemberEvent(name, properties, hub().now_ms() if at_ms is None else at_ms, syncing)
        changes.record_event(hub(), member, event)
    return Response(status=204)


def need_subscribed(member: Member) -> None:
    """Raise 400 unless a member may be mailed."""
    if member.status != "subscribed":
        raise Problem(400, "Bad Request", "The contact is not subscribed to this audience.")


@blueprint.get("/lists/<list_id>/members/<key>/notes")
def list_notes(list_id: str, key: str) -> Response:
    """Answer a member's notes, page by page."""
    page = window()
    with hub().stage.lock:
        member = located(list_id, key)
        shown = [_note(member, each) for each in page.cut(member.notes)]
        total = len(member.notes)
    return chosen({"notes": shown, "email_id": member.hash, "list_id": list_id, "total_items": total})


@blueprint.post("/lists/<list_id>/members/<key>/notes")
def add_note(list_id: str, key: str) -> Response:
    """Keep a note, up to 1,000 characters."""
    text = text_in(json_body(), "note")
    if len(text) > 1000:
        raise invalid("note", "This value is too long. It should have 1000 characters or less.")
    with hub().stage.lock:
        member, now = located(list_id, key), hub().now_ms()
        member.notes.append(Note(hub().new_number(), text, now, now))
        return reply(_note(member, member.notes[-1]))


@blueprint.delete("/lists/<list_id>/members/<key>/notes/<int:note_id>")
def remove_note(list_id: str, key: str, note_id: int) -> Response:
    """Remove a note."""
    with hub().stage.lock:
        member = located(list_id, key)
        kept = [each for each in member.notes if each.note_id != note_id]
        if len(kept) == len(member.notes):
            raise not_found()
        member.notes = kept
    return Response(status=204)


def _note(member: Member, note: Note) -> dict[str, Any]:
    return {
        "id": note.note_id,
        "note": note.text,
        "created_at": stamp(note.created_ms),
        "updated_at": stamp(note.updated_ms),
        "created_by": "Sandbox",
        "list_id": member.list_id,
        "email_id": member.hash,
        "contact_id": member.contact_id,
        "_links": links(f"/lists/{member.list_id}/members/{member.hash}/notes/{note.note_id}"),
    }
