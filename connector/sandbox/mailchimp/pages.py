"""A contact's page as Mailchimp has it: tags, and the columns of its audience."""

from __future__ import annotations

from flask import Response, request

from connector.sandbox import record_page
from connector.sandbox.clock import iso
from connector.sandbox.mailchimp.access import hub
from connector.sandbox.mailchimp.audience import BUILT_IN, Audience
from connector.sandbox.mailchimp.records import Member
from connector.sandbox.record_page import Line, RecordPage, Section

_EVERYWHERE = frozenset(tag for tag, _, _ in BUILT_IN)

blueprint = record_page.blueprint()


@blueprint.get("/audience/contact-profile")
def show() -> str | Response:
    """Show a contact: the columns that the audience was given, then what every contact has."""
    contact_id = request.args.get("contact_id", "")
    with hub().stage.lock:
        found = [(each, each.find(contact_id)) for each in hub().audiences.values()]
        audience, member = next(((each, one) for each, one in found if one is not None), (None, None))
        if audience is None or member is None or member.contact_id != contact_id:
            return record_page.missing("Mailchimp", "No audience of the account has such a contact.")
        sections = [
            Section("Merge fields of this audience", _columns(audience, member)),
            Section("Profile", _profile(audience, member)),
        ]
        tags = [audience.segments[each].name for each in member.tags]
    name = " ".join(str(member.merge[each]) for each in ("FNAME", "LNAME") if member.merge.get(each))
    app, account = hub().stage.config.app.name, hub().account.name
    sections = [each for each in sections if each.lines]
    return record_page.shown(
        RecordPage("Mailchimp", account, app, "Contact", name or member.email, member.email, sections, tags)
    )


def _columns(audience: Audience, member: Member) -> list[Line]:
    # The newest first: what apps have added stands above the audience's old columns.
    own = [each for each in reversed(audience.merge_fields.values()) if each.tag not in _EVERYWHERE]
    return [Line(each.name, each.tag, str(member.merge[each.tag])) for each in own if each.tag in member.merge]


def _profile(audience: Audience, member: Member) -> list[Line]:
    built_in = [Line(name, tag, str(member.merge[tag])) for tag, name, _ in BUILT_IN if member.merge.get(tag)]
    return [
        Line("Audience", "list_id", f"{audience.name} ({audience.list_id})"),
        Line("Email address", "email_address", member.email),
        Line("Status", "status", member.status),
        *built_in,
        Line("Campaigns received, opened, clicked", "stats", f"{member.received}, {member.opened}, {member.clicked}"),
        Line("Last changed", "last_changed", iso(member.changed_ms)),
    ]
