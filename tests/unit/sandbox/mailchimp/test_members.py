"""Members of the Mailchimp sandbox: names, statuses, writes, refusals."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.records import subscriber_hash
from tests.unit.sandbox.mailchimp.visitor import Visitor


def path(visitor: Visitor, key: str = "") -> str:
    return f"/lists/{visitor.main}/members" + (f"/{key}" if key else "")


def test_a_member_has_three_names(visitor: Visitor) -> None:
    """Hash of the address in lower case, the address itself, and the contact id."""
    made = visitor.add("Three.Names@example.com", FNAME="Three")
    assert made["id"] == hashlib.md5(b"three.names@example.com", usedforsecurity=False).hexdigest()
    for key in (made["id"], "three.names@EXAMPLE.com", made["contact_id"]):
        assert visitor.get(path(visitor, key))["email_address"] == "Three.Names@example.com"
    assert visitor.call("GET", path(visitor, "0" * 32)).json()["title"] == "Resource Not Found"


def test_the_published_hash(visitor: Visitor) -> None:
    """Mailchimp's own example of a subscriber hash."""
    assert visitor.add("Urist.McVankab@freddiesjokes.com")["id"] == "62eeb292278cc15f5817cb78f7790b08"


def test_a_change_of_address_changes_the_hash_and_not_the_contact_id(visitor: Visitor) -> None:
    """The old hash is gone; the contact id leads on."""
    made = visitor.add("before@example.com")
    moved = visitor.call("PATCH", path(visitor, made["id"]), {"email_address": "after@example.com"}).json()
    assert (moved["contact_id"], moved["id"] == made["id"]) == (made["contact_id"], False)
    assert visitor.call("GET", path(visitor, made["id"])).status_code == 404
    assert visitor.get(path(visitor, made["contact_id"]))["email_address"] == "after@example.com"


def test_an_old_member_has_a_hash_of_the_address_as_typed(visitor: Visitor) -> None:
    """A computed hash finds nobody; the id that the API tells does."""
    with visitor.running.stage.lock:
        visitor.hub.main.new_member("Old.Typed@example.com", "subscribed", visitor.hub.now_ms(), case_kept=True)
    assert visitor.call("GET", path(visitor, subscriber_hash("Old.Typed@example.com"))).status_code == 404
    listed = visitor.get(path(visitor), count=1000)["members"]
    told = next(each["id"] for each in listed if each["email_address"] == "Old.Typed@example.com")
    assert visitor.get(path(visitor, told))["email_address"] == "Old.Typed@example.com"
    assert visitor.call("PATCH", path(visitor, told), {"merge_fields": {"FNAME": "O"}}).status_code == 200


def test_contacts_by_phone_have_no_address(visitor: Visitor) -> None:
    """Several of them, each by an id of its own."""
    with visitor.running.stage.lock:
        made = [changes.add_phone_contact(visitor.hub, visitor.hub.main, f"+491700000{n}") for n in range(2)]
    shown = [visitor.get(path(visitor, each.contact_id)) for each in made]
    assert [(each["email_address"], each["sms_phone_number"]) for each in shown] == [
        ("", "+4917000000"),
        ("", "+4917000001"),
    ]
    assert shown[0]["id"] != shown[1]["id"]
    assert visitor.get(path(visitor, shown[1]["id"]))["contact_id"] == made[1].contact_id


def test_posting_twice_is_refused(visitor: Visitor) -> None:
    """400 ``Member Exists``."""
    visitor.add("twice@example.com")
    again = visitor.call("POST", path(visitor), {"email_address": "TWICE@example.com", "status": "subscribed"})
    assert (again.status_code, again.json()["title"]) == (400, "Member Exists")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"email_address": "nobody", "status": "subscribed"}, "email_address"),
        ({"email_address": "s@example.com", "status": "archived"}, "status"),
        ({"email_address": "s@example.com"}, "status"),
        ({"status": "subscribed"}, "email_address"),
        ({"email_address": "s@example.com", "status": "subscribed", "merge_fields": [1]}, "merge_fields"),
        ({"email_address": "s@example.com", "status": "subscribed", "tags": ["t"] * 51}, "tags"),
    ],
)
def test_a_bad_body_names_its_field(visitor: Visitor, body: dict[str, Any], field: str) -> None:
    """Invalid Resource, with the field in ``errors``; and nothing was added."""
    answer = visitor.call("POST", path(visitor), body)
    assert (answer.status_code, answer.json()["title"]) == (400, "Invalid Resource")
    assert answer.json()["errors"][0]["field"] == field
    assert visitor.hub.main.find("s@example.com") is None


def test_patching_merge_fields_touches_nothing_else(visitor: Visitor) -> None:
    """Other values, status and tags stay; unknown merge tags are passed over."""
    made = visitor.add("patched@example.com", FNAME="A", LNAME="B")
    patched = visitor.call("PATCH", path(visitor, made["id"]), {"merge_fields": {"FNAME": "C", "NOSUCH": 1}}).json()
    assert patched["merge_fields"] == {"FNAME": "C", "LNAME": "B", "ADDRESS": "", "PHONE": ""}
    assert (patched["status"], patched["full_name"]) == ("subscribed", "C B")


def test_put_adds_and_changes(visitor: Visitor) -> None:
    """A new member takes ``status_if_new``, one that is there keeps its own status."""
    key = hashlib.md5(b"put@example.com", usedforsecurity=False).hexdigest()
    body = {"email_address": "put@example.com", "status_if_new": "transactional", "merge_fields": {"FNAME": "P"}}
    assert visitor.call("PUT", path(visitor, key), body).json()["status"] == "transactional"
    again = visitor.call("PUT", path(visitor, key), {**body, "status_if_new": "subscribed"}).json()
    assert again["status"] == "transactional"
    assert visitor.call("PUT", path(visitor, "1" * 32), {"email_address": "n@example.com"}).status_code == 400


def test_an_archived_member_stays_in_sight(visitor: Visitor) -> None:
    """DELETE archives; merge fields alone do not bring a member back, a status does."""
    made = visitor.add("archived@example.com")
    assert visitor.call("DELETE", path(visitor, made["id"])).status_code == 204
    assert visitor.get(path(visitor, made["id"]))["status"] == "archived"
    written = visitor.call("PATCH", path(visitor, made["id"]), {"merge_fields": {"FNAME": "x"}}).json()
    assert written["status"] == "archived"
    back = visitor.call("PATCH", path(visitor, made["id"]), {"status": "subscribed"}).json()
    assert back["status"] == "subscribed"


def test_an_erased_member_is_gone_and_cannot_come_back(visitor: Visitor) -> None:
    """404, and a refused import."""
    made = visitor.add("erased@example.com")
    assert visitor.call("POST", path(visitor, f"{made['id']}/actions/delete-permanent")).status_code == 204
    assert visitor.call("GET", path(visitor, made["id"])).status_code == 404
    again = visitor.call("POST", path(visitor), {"email_address": "erased@example.com", "status": "subscribed"})
    assert again.json()["title"] == "Forgotten Email Not Subscribed"


@pytest.mark.parametrize("status", ["subscribed", "unsubscribed"])
def test_who_opted_out_is_locked_even_for_a_repeated_status(visitor: Visitor, status: str) -> None:
    """Member In Compliance State; merge fields can still be written."""
    made = visitor.add(f"opted-out-{status}@example.com")
    member = visitor.hub.main.find(made["id"])
    assert member
    with visitor.running.stage.lock:
        changes.opt_out(visitor.hub, member, "Spam")
    refused = visitor.call("PATCH", path(visitor, made["id"]), {"status": status})
    assert (refused.status_code, refused.json()["title"]) == (400, "Member In Compliance State")
    written = visitor.call("PATCH", path(visitor, made["id"]), {"merge_fields": {"FNAME": "x"}}).json()
    assert (written["status"], written["unsubscribe_reason"]) == ("unsubscribed", "Spam")


def test_a_refused_write_changes_nothing(visitor: Visitor) -> None:
    """A status beside a bad merge value is not taken."""
    made = visitor.add("whole@example.com")
    field = {"name": "Number", "type": "number", "tag": "NUM"}
    assert visitor.call("POST", f"/lists/{visitor.main}/merge-fields", field).status_code == 200
    body = {"status": "unsubscribed", "merge_fields": {"NUM": "many"}}
    assert visitor.call("PATCH", path(visitor, made["id"]), body).status_code == 400
    assert visitor.get(path(visitor, made["id"]))["status"] == "subscribed"


def test_bulk_rows_fail_one_by_one(visitor: Visitor) -> None:
    """200 with a count; a duplicate, a bad address and one that is there are told per address."""
    visitor.add("bulk-there@example.com")
    rows = [
        {"email_address": "bulk-new@example.com", "status": "subscribed"},
        {"email_address": "BULK-NEW@example.com", "status": "subscribed"},
        {"email_address": "bulk-there@example.com", "status": "unsubscribed"},
        {"email_address": "nonsense", "status": "subscribed"},
    ]
    told = visitor.call("POST", f"/lists/{visitor.main}", {"members": rows}).json()
    assert (told["total_created"], told["total_updated"], told["error_count"]) == (1, 0, 3)
    codes = {each["email_address"]: each["error_code"] for each in told["errors"]}
    assert codes["bulk-there@example.com"] == "ERROR_CONTACT_EXISTS"
    assert codes["nonsense"] == "ERROR_GENERIC"


def test_bulk_update_existing_can_change_the_status(visitor: Visitor) -> None:
    """The danger of the bulk call: it takes the status it is given."""
    made = visitor.add("bulk-status@example.com")
    rows = [{"email_address": "bulk-status@example.com", "status": "unsubscribed", "merge_fields": {"FNAME": "x"}}]
    told = visitor.call("POST", f"/lists/{visitor.main}", {"members": rows, "update_existing": True}).json()
    assert told["updated_members"][0]["status"] == "unsubscribed"
    rows = [{"email_address": "bulk-status@example.com", "merge_fields": {"FNAME": "y"}}]
    visitor.call("POST", f"/lists/{visitor.main}", {"members": rows, "update_existing": True})
    assert visitor.get(path(visitor, made["id"]))["status"] == "unsubscribed"


def test_bulk_sync_tags_replaces_all_tags(visitor: Visitor) -> None:
    """Which is why nobody should send it."""
    made = visitor.add("bulk-tags@example.com")
    tags = {"tags": [{"name": "Kept by hand", "status": "active"}]}
    visitor.call("POST", path(visitor, f"{made['id']}/tags"), tags)
    rows = [{"email_address": "bulk-tags@example.com", "status": "subscribed", "tags": ["Other"]}]
    visitor.call("POST", f"/lists/{visitor.main}", {"members": rows, "update_existing": True, "sync_tags": True})
    assert [each["name"] for each in visitor.get(path(visitor, made["id"]))["tags"]] == ["Other"]


def test_bulk_takes_500(visitor: Visitor) -> None:
    """501 rows are refused whole."""
    rows = [{"email_address": f"many-{n}@example.com", "status": "subscribed"} for n in range(501)]
    assert visitor.call("POST", f"/lists/{visitor.main}", {"members": rows}).status_code == 400
    assert visitor.call("POST", f"/lists/{visitor.main}", {"members": rows[:500]}).json()["total_created"] == 500
