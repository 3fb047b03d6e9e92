"""A contact's page in the Mailchimp sandbox: its tags, and the columns of its audience."""

from __future__ import annotations

import requests

from connector.sandbox import RunningSandbox
from tests.unit.sandbox.mailchimp.visitor import Visitor


def page(visitor: Visitor, contact_id: str) -> requests.Response:
    """Open a contact as a person does, without any token."""
    address = f"{visitor.origin}/audience/contact-profile"
    return requests.get(address, params={"contact_id": contact_id}, timeout=10)


def test_it_shows_tags_and_columns(quick: RunningSandbox, visitor: Visitor) -> None:
    """The columns that the audience was given, the newest first; not logged as a request of the app."""
    audience = visitor.hub.main
    member = audience.new_member("ana@firm.example", "subscribed", 1_000)
    member.merge = {"FNAME": "<i>Ana</i>", "SCORE": "92"}
    address = f"{visitor.origin}/3.0/lists/{audience.list_id}/merge-fields"
    visitor.session.post(address, json={"name": "Lead score", "tag": "SCORE", "type": "number"})
    assert "No tags" in page(visitor, member.contact_id).text
    member.tags[audience.new_segment("High-Intent", 1_000).segment_id] = 1_000
    before = len(quick.stage.log.entries())
    shown = page(visitor, member.contact_id).text
    assert "&lt;i&gt;Ana&lt;/i&gt;" in shown
    assert '<span class="tag">High-Intent</span>' in shown
    assert "<dd>92</dd>" in shown
    assert len(quick.stage.log.entries()) == before


def test_who_is_not_there_has_no_page(visitor: Visitor) -> None:
    """An address or a hash is no contact id."""
    member = visitor.hub.main.new_member("bo@firm.example", "subscribed", 1_000)
    for key in ("", "nobody", member.hash, member.email):
        assert page(visitor, key).status_code == 404
