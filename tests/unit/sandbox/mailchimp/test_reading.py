"""Reading lists of things from the Mailchimp sandbox: pages, windows, parts of answers."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox import RunningSandbox
from connector.sandbox.mailchimp import changes
from connector.sandbox.mailchimp.reading import chosen, parsed_ms, stamp, within
from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock


@pytest.fixture
def timed(started: Starter) -> tuple[Visitor, StandingClock]:
    """An audience whose members came a minute apart: twelve, the first at 12:00."""
    clock = StandingClock()
    running: RunningSandbox = started(clock)
    visitor = Visitor(running).install()
    with running.stage.lock:
        for number in range(12):
            changes.add_member(visitor.hub, visitor.hub.main, f"m{number}@example.com")
            clock.sleep(60)
    return visitor, clock


def read(visitor: Visitor, **params: Any) -> list[str]:
    """The addresses that a read of members gives."""
    page = visitor.get(f"/lists/{visitor.main}/members", **{"count": 1000, **params})
    assert len(page["members"]) <= page["total_items"]
    return [each["email_address"].partition("@")[0] for each in page["members"]]


def test_a_page_has_ten_by_default_and_a_thousand_at_most(timed: tuple[Visitor, StandingClock]) -> None:
    """More is an error that names the parameter."""
    visitor, _ = timed
    path = f"/lists/{visitor.main}/members"
    page = visitor.get(path)
    assert (len(page["members"]), page["total_items"]) == (10, 12)
    assert len(visitor.get(path, offset=10)["members"]) == 2
    assert visitor.get(path, offset=12)["members"] == []
    for wrong in ({"count": 1001}, {"count": "ten"}, {"count": -1}, {"offset": "x"}):
        answer = visitor.call("GET", path, **wrong)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, next(iter(wrong)))


def test_a_window_of_time_leaves_both_ends_out(timed: tuple[Visitor, StandingClock]) -> None:
    """After the one, before the other, in whole seconds."""
    visitor, _ = timed
    window = {"since_last_changed": "2026-02-01T12:01:00+00:00", "before_last_changed": "2026-02-01T12:04:00Z"}
    assert read(visitor, **window) == ["m2", "m3"]
    assert read(visitor, since_timestamp_opt="2026-02-01T12:09:59+00:00") == ["m10", "m11"]


def test_a_wrong_filter_is_left_out(timed: tuple[Visitor, StandingClock]) -> None:
    """A raw plus arrives as a space: the whole list comes back, with no word of it."""
    visitor, _ = timed
    raw = f"/lists/{visitor.main}/members?since_last_changed=2026-02-01T12:10:00+00:00"
    assert visitor.get(raw)["total_items"] == 12
    assert visitor.get(raw.replace("+", "%2B"))["total_items"] == 1
    assert len(read(visitor, since_last_changed="yesterday", status="asleep", sort_field="luck")) == 12


def test_sorting(timed: tuple[Visitor, StandingClock]) -> None:
    """By last change, either way; without it, in no useful order of time."""
    visitor, _ = timed
    member = visitor.hub.main.find("m3@example.com")
    assert member
    with visitor.running.stage.lock:
        changes.update_member(visitor.hub, member, {"FNAME": "New"})
    assert read(visitor, sort_field="last_changed")[-1] == "m3"
    assert read(visitor, sort_field="last_changed", sort_dir="DESC")[0] == "m3"
    assert read(visitor, sort_field="timestamp_opt")[-1] == "m11"


def test_every_status_is_listed(timed: tuple[Visitor, StandingClock]) -> None:
    """Archived and cleaned members too, unless a status is asked for."""
    visitor, _ = timed
    members = visitor.hub.main.members()
    with visitor.running.stage.lock:
        changes.archive(visitor.hub, members[0])
        changes.clean(visitor.hub, members[1])
        changes.delete_permanently(visitor.hub, members[2])
    assert len(read(visitor)) == 11
    assert read(visitor, status="archived") == ["m0"]
    assert read(visitor, status="cleaned") == ["m1"]
    lists = visitor.get("/lists", include_total_contacts="true")["lists"]
    assert lists[0]["stats"]["member_count"] == 9
    assert lists[0]["stats"]["total_contacts"] == 11


def test_tags_do_not_move_the_last_change_and_writes_do(timed: tuple[Visitor, StandingClock]) -> None:
    """A write of the value that is there moves it too."""
    visitor, clock = timed
    clock.sleep(600)
    path = f"/lists/{visitor.main}/members/m5@example.com"
    before = visitor.get(path)["last_changed"]
    visitor.call("POST", f"{path}/tags", {"tags": [{"name": "T", "status": "active"}]})
    assert visitor.get(path)["last_changed"] == before
    assert visitor.call("PATCH", path, {"merge_fields": {"FNAME": ""}}).json()["last_changed"] > before


def test_parts_of_answers(timed: tuple[Visitor, StandingClock]) -> None:
    """``fields`` keeps what it names, ``exclude_fields`` drops it, through lists and objects."""
    visitor, _ = timed
    path = f"/lists/{visitor.main}/members"
    page = visitor.get(path, count=2, fields="members.id,members.merge_fields.FNAME,total_items")
    assert set(page) == {"members", "total_items"}
    assert [set(each) for each in page["members"]] == [{"id", "merge_fields"}] * 2
    assert page["members"][0]["merge_fields"] == {"FNAME": ""}
    page = visitor.get(path, count=2, exclude_fields="members._links,_links,members.merge_fields.PHONE")
    assert "_links" not in page
    assert "_links" not in page["members"][0]
    assert set(page["members"][0]["merge_fields"]) == {"FNAME", "LNAME", "ADDRESS"}


NAMES = st.sampled_from(["a", "b", "c", "d"])
TREES: st.SearchStrategy[Any] = st.recursive(
    st.integers(0, 99), lambda inner: st.dictionaries(NAMES, inner) | st.lists(inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(NAMES, TREES), st.lists(st.lists(NAMES, min_size=1, max_size=3).map(".".join), max_size=4))
def test_what_fields_keep_is_what_exclude_fields_drop(payload: dict[str, Any], paths: list[str]) -> None:
    """No leaf is both kept and dropped, and none is neither."""
    app = Flask("parts")
    with app.test_request_context(query_string={"exclude_fields": ",".join(paths)}):
        left = chosen(payload).get_json()
    with app.test_request_context(query_string={"fields": ",".join(paths) or "nothing"}):
        kept = chosen(payload).get_json()
    assert sorted(leaves(left) + leaves(kept)) == sorted(leaves(payload))


def leaves(value: Any, place: str = "") -> list[tuple[str, int]]:
    """Where the numbers are, and what they are; places in lists are nameless."""
    if isinstance(value, dict):
        return [one for name, each in value.items() for one in leaves(each, f"{place}.{name}")]
    if isinstance(value, list):
        return [one for each in value for one in leaves(each, place)]
    return [(place, value)]


@given(st.integers(-2_208_988_800, 4_102_444_800))
def test_times_are_read_as_they_are_written(second: int) -> None:
    """To the second, from 1900 to 2100."""
    assert parsed_ms(stamp(second * 1000)) == second * 1000


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_none(text: str) -> None:
    """Nothing crashes; what is none bounds nothing."""
    assert within(0, parsed_ms(text), None) in (True, False)
