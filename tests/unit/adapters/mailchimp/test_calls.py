"""The SDK describes requests; what it would do to them on the way is left out."""

from __future__ import annotations

from unittest.mock import Mock

import pytest
from urllib3 import HTTPResponse

from connector.adapters.mailchimp.calls import Call, lists
from connector.adapters.mailchimp.transport import Pool, perform


def test_paths_and_parameters_are_the_sdks() -> None:
    """Lists are comma-separated, truth is spelled as JSON does, None is left out."""
    call = lists.get_list_members_info("abc", fields=("members.id", "total_items"), count=5, offset=0, status=None)
    query = {"fields": "members.id,total_items", "count": "5", "offset": "0"}
    assert call == Call("GET", "/lists/abc/members", query)
    patch = lists.update_list_member("abc", "def", {"merge_fields": {}}, skip_merge_validation=True)
    assert patch == Call("PATCH", "/lists/abc/members/def", {"skip_merge_validation": "true"}, {"merge_fields": {}})


def test_a_path_is_not_changed_by_the_word_server() -> None:
    """The SDK's own client puts the data centre there."""
    assert lists.get_list_member("echoserver1", "x").path == "/lists/echoserver1/members/x"


def test_no_id_leaves_its_place_in_a_path() -> None:
    """Slashes and question marks of an id are encoded."""
    assert lists.get_list_member("a", "../b?c").path == "/lists/a/members/..%2Fb%3Fc"


@pytest.mark.parametrize(
    ("wrong", "error"), [({"colour": "red"}, TypeError), ({"count": 1001}, ValueError)], ids=["unknown", "too large"]
)
def test_what_the_api_does_not_have_is_refused_before_it_is_sent(wrong: dict[str, object], error: type) -> None:
    """A mistyped parameter would be ignored by Mailchimp, in silence."""
    with pytest.raises(error):
        lists.get_list_members_info("abc", **wrong)


def test_a_plus_in_a_time_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A raw one arrives as a space, and Mailchimp then leaves the filter out."""
    call = lists.get_list_members_info("abc", since_last_changed="2026-03-02T09:00:00+00:00")
    with Pool() as http:
        connections = http.way("http://localhost").connections
        send = Mock(return_value=HTTPResponse(b"{}"))
        monkeypatch.setattr(connections, "urlopen", send)
        perform(http, "http://localhost", "members", call, "token")
    path = "/3.0/lists/abc/members?since_last_changed=2026-03-02T09%3A00%3A00%2B00%3A00"
    assert send.call_args.args == ("GET", path)
