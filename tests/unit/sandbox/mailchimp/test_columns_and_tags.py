"""Merge fields, tags and segments of the Mailchimp sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from connector.sandbox import MailchimpAccount
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor

SCORE = {"name": "Lead Score", "tag": "LEADSCORE", "type": "number", "public": False, "required": False}


@pytest.fixture
def fresh(started: Starter) -> Visitor:
    """An installed visitor of an empty account."""
    return Visitor(started()).install()


def tags_of(visitor: Visitor, email: str) -> list[str]:
    return [each["name"] for each in visitor.get(f"/lists/{visitor.main}/members/{email}/tags")["tags"]]


def test_a_score_field_is_made_read_written_and_cleared(fresh: Visitor) -> None:
    """A number comes back as a number, an empty one as an empty text."""
    made = fresh.call("POST", f"/lists/{fresh.main}/merge-fields", SCORE).json()
    assert (made["tag"], made["public"], made["type"]) == ("LEADSCORE", False, "number")
    fresh.add("scored@example.com")
    path = f"/lists/{fresh.main}/members/scored@example.com"
    assert fresh.get(path)["merge_fields"]["LEADSCORE"] == ""
    for value, kept in ((87, 87), ("88", 88), (0, 0), ("", "")):
        written = fresh.call("PATCH", path, {"merge_fields": {"LEADSCORE": value}}).json()
        assert written["merge_fields"]["LEADSCORE"] == kept
    answer = fresh.call("PATCH", path, {"merge_fields": {"LEADSCORE": "high"}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "LEADSCORE")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Long", "type": "number", "tag": "LEADSCORE_1"}, "tag"),
        ({"name": "Small", "type": "number", "tag": "leadscore"}, "tag"),
        ({"name": "Taken", "type": "number", "tag": "FNAME"}, "tag"),
        ({"name": "Reserved", "type": "text", "tag": "EMAIL"}, "tag"),
        ({"name": "Odd", "type": "percentage"}, "type"),
        ({"type": "number"}, "name"),
        ({"name": "Public", "type": "number", "public": "no"}, "public"),
    ],
)
def test_a_field_that_cannot_be_made(visitor: Visitor, body: dict[str, Any], field: str) -> None:
    """Tags have ten characters at most, and are free; the answer names what is wrong."""
    answer = visitor.call("POST", f"/lists/{visitor.main}/merge-fields", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_a_field_without_a_tag_gets_one(fresh: Visitor) -> None:
    """Named after its number."""
    made = fresh.call("POST", f"/lists/{fresh.main}/merge-fields", {"name": "Score", "type": "number"}).json()
    assert made["tag"] == f"MERGE{made['merge_id']}" == "MERGE5"


def test_an_audience_has_only_so_many_fields(started: Starter) -> None:
    """Then creation is a 400, and the others are as they were."""
    visitor = Visitor(started(mailchimp=MailchimpAccount(merge_fields=5))).install()
    path = f"/lists/{visitor.main}/merge-fields"
    assert visitor.call("POST", path, SCORE).status_code == 200
    answer = visitor.call("POST", path, {"name": "One more", "type": "text"})
    assert (answer.status_code, "maximum number" in answer.json()["detail"]) == (400, True)
    assert visitor.get(path)["total_items"] == 5


def test_a_renamed_field_takes_its_values_along_and_a_removed_one_loses_them(fresh: Visitor) -> None:
    """The number of the field stays what the connector should remember."""
    made = fresh.call("POST", f"/lists/{fresh.main}/merge-fields", SCORE).json()
    fresh.add("renamed@example.com", LEADSCORE=50)
    path, member = (
        f"/lists/{fresh.main}/merge-fields/{made['merge_id']}",
        f"/lists/{fresh.main}/members/renamed@example.com",
    )
    assert fresh.call("PATCH", path, {"tag": "SCORE2"}).json()["tag"] == "SCORE2"
    assert fresh.get(member)["merge_fields"]["SCORE2"] == 50
    assert fresh.call("DELETE", path).status_code == 204
    assert "SCORE2" not in fresh.get(member)["merge_fields"]
    assert fresh.call("GET", path).status_code == 404


def test_a_column_of_a_name_may_become_a_number(fresh: Visitor) -> None:
    """Users remake even the fields that an audience begins with."""
    assert fresh.call("DELETE", f"/lists/{fresh.main}/merge-fields/1").status_code == 204
    body = {"name": "First", "type": "number", "tag": "FNAME"}
    assert fresh.call("POST", f"/lists/{fresh.main}/merge-fields", body).status_code == 200
    assert fresh.add("odd@example.com", FNAME=7, LNAME="Seven")["full_name"] == "7 Seven"


def test_a_required_field_stops_a_write_that_does_not_skip_validation(fresh: Visitor) -> None:
    """Why scores are written with ``skip_merge_validation``."""
    fresh.add("required@example.com")
    field = {"name": "Need", "type": "text", "tag": "NEED", "required": True}
    fresh.call("POST", f"/lists/{fresh.main}/merge-fields", field)
    path, body = f"/lists/{fresh.main}/members/required@example.com", {"merge_fields": {"FNAME": "x"}}
    assert fresh.call("PATCH", path, body).json()["errors"][0]["field"] == "NEED"
    assert fresh.call("PATCH", path, body, skip_merge_validation="true").status_code == 200


def test_a_tag_is_made_given_and_taken(fresh: Visitor) -> None:
    """204 each time; taking one that is not there is no error; case does not count."""
    fresh.add("tagged@example.com")
    path = f"/lists/{fresh.main}/members/tagged@example.com/tags"
    for name, status, left in (
        ("High-Intent", "active", ["High-Intent"]),
        ("high-intent", "active", ["High-Intent"]),
        ("HIGH-INTENT", "inactive", []),
        ("High-Intent", "inactive", []),
    ):
        assert fresh.call("POST", path, {"tags": [{"name": name, "status": status}]}).status_code == 204
        assert tags_of(fresh, "tagged@example.com") == left


@pytest.mark.parametrize("tags", [[], [{"name": "", "status": "active"}], [{"name": "x", "status": "on"}], ["x"]])
def test_a_bad_tag_call_is_refused(visitor: Visitor, tags: list[Any]) -> None:
    """400, not a silent nothing."""
    visitor.add(f"bad-tags-{len(str(tags))}@example.com")
    path = f"/lists/{visitor.main}/members/bad-tags-{len(str(tags))}@example.com/tags"
    assert visitor.call("POST", path, {"tags": tags}).status_code == 400


def test_tags_start_flows_unless_syncing(fresh: Visitor) -> None:
    """And only for those who are subscribed."""
    for email, status in (("flow@example.com", "subscribed"), ("out@example.com", "unsubscribed")):
        fresh.add(email, status)
    for email, syncing in (("flow@example.com", True), ("out@example.com", False)):
        body = {"tags": [{"name": "Quiet", "status": "active"}], "is_syncing": syncing}
        fresh.call("POST", f"/lists/{fresh.main}/members/{email}/tags", body)
    assert fresh.session.get(f"{fresh.origin}/_sandbox/flows").json() == []
    body = {"tags": [{"name": "Loud", "status": "active"}]}
    fresh.call("POST", f"/lists/{fresh.main}/members/flow@example.com/tags", body)
    told = fresh.session.get(f"{fresh.origin}/_sandbox/flows").json()
    assert [(each["by"], each["name"]) for each in told] == [("tag", "Loud")]


def test_tag_search_is_by_prefix(fresh: Visitor) -> None:
    """So that a client must compare exactly."""
    for name in ("High-Intent", "High-Intent old", "Other"):
        assert (
            fresh.call("POST", f"/lists/{fresh.main}/segments", {"name": name, "static_segment": []}).status_code == 200
        )
    found = fresh.get(f"/lists/{fresh.main}/tag-search", name="high-intent")
    assert [each["name"] for each in found["tags"]] == ["High-Intent", "High-Intent old"]
    again = fresh.call("POST", f"/lists/{fresh.main}/segments", {"name": "OTHER", "static_segment": []})
    assert again.status_code == 400


def test_a_segment_in_bulk(fresh: Visitor) -> None:
    """Adds and removes by address; unknown ones are passed over in silence; 500 at most."""
    for number in range(3):
        fresh.add(f"bulk{number}@example.com")
    fresh.add("bulk-out@example.com", "unsubscribed")
    made = fresh.call("POST", f"/lists/{fresh.main}/segments", {"name": "Bulk", "static_segment": []}).json()
    path = f"/lists/{fresh.main}/segments/{made['id']}"
    added = ["bulk0@example.com", "BULK1@example.com", "bulk-out@example.com", "nobody@example.com"]
    told = fresh.call("POST", path, {"members_to_add": added}).json()
    assert (told["total_added"], told["error_count"]) == (3, 0)
    assert fresh.get(path)["member_count"] == 2
    assert fresh.get(path, include_unsubscribed="true")["member_count"] == 3
    assert fresh.get(f"{path}/members")["total_items"] == 2
    assert fresh.get(f"{path}/members", include_unsubscribed="true")["total_items"] == 3
    told = fresh.call("POST", path, {"members_to_remove": ["bulk0@example.com", "bulk2@example.com"]}).json()
    assert told["total_removed"] == 1
    assert fresh.call("POST", path, {"members_to_add": ["x@example.com"] * 501}).status_code == 400


def test_patching_a_segment_replaces_who_is_in_it(fresh: Visitor) -> None:
    """An empty list empties the tag."""
    for number in range(2):
        fresh.add(f"swap{number}@example.com")
    body = {"name": "Swap", "static_segment": ["swap0@example.com"]}
    made = fresh.call("POST", f"/lists/{fresh.main}/segments", body).json()
    path = f"/lists/{fresh.main}/segments/{made['id']}"
    fresh.call("PATCH", path, {"name": "Swapped", "static_segment": ["swap1@example.com"]})
    assert (tags_of(fresh, "swap0@example.com"), tags_of(fresh, "swap1@example.com")) == ([], ["Swapped"])
    assert fresh.call("PATCH", path, {"name": "Swapped", "static_segment": []}).json()["member_count"] == 0
    assert fresh.call("DELETE", path).status_code == 204
    assert fresh.call("GET", path).status_code == 404


def test_a_member_is_shown_with_fifty_tags_at_most(fresh: Visitor) -> None:
    """The count tells of more, and the call for a member's tags names them."""
    fresh.add("many@example.com")
    path = f"/lists/{fresh.main}/members/many@example.com"
    tags = [{"name": f"Tag {number}", "status": "active"} for number in range(60)]
    fresh.call("POST", f"{path}/tags", {"tags": tags})
    shown = fresh.call("GET", path).json()
    assert (len(shown["tags"]), shown["tags_count"]) == (50, 60)
    assert fresh.call("GET", f"{path}/tags?count=100").json()["total_items"] == 60
