"""Requests made to exhaust or confuse: each is answered at once, on purpose, and costs no more than its limit."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from connector.adapters.hubspot import webhooks as hubspot
from connector.adapters.mailchimp import webhooks as mailchimp
from connector.adapters.salesforce import webhooks as salesforce
from tests.fuzz.requests import Call
from tests.fuzz.world import Attacked, attacked
from tests.world import NOW

MILLION = 1_000_000


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Attacked]:
    """The application with an account of each vendor."""
    with attacked(tmp_path_factory.mktemp("fuzz") / "at") as made:
        yield made


def _hubspot(at: Attacked, body: bytes) -> Call:
    stamp = str(int(NOW.timestamp() * 1000))
    url = f"{at.target.public_url}/webhooks/hubspot"
    signature = hubspot.signature(at.target.client_secret, "POST", url, body, stamp)
    headers = {"X-HubSpot-Signature-v3": signature, "X-HubSpot-Request-Timestamp": stamp}
    return Call("POST", "/webhooks/hubspot", headers, body)


def _salesforce(at: Attacked, body: bytes) -> Call:
    stamp = str(int(NOW.timestamp()))
    signature = salesforce.signature(at.target.hook_secrets["salesforce"], stamp, body)
    headers = {"X-Lead-Score-Timestamp": stamp, "X-Lead-Score-Signature": signature}
    return Call("POST", at.target.hook_paths["salesforce"], headers, body)


def _mailchimp(at: Attacked, body: bytes) -> Call:
    stamp = str(int(NOW.timestamp()))
    signature = mailchimp.signature(at.target.hook_secrets["mailchimp"], stamp, body)
    return Call("POST", at.target.hook_paths["mailchimp"], {"X-Mailchimp-Signature": f"t={stamp},v1={signature}"}, body)


def _page(at: Attacked, body: bytes) -> Call:
    return Call("POST", f"/t/{at.target.site_key}/events", {"Origin": at.target.origin}, body)


def _server(at: Attacked, body: bytes) -> Call:
    return Call("POST", "/api/track", {"Authorization": f"Bearer {at.target.site_secret}"}, body)


DOORS: dict[str, Callable[[Attacked, bytes], Call]] = {
    "hubspot": _hubspot,
    "salesforce": _salesforce,
    "mailchimp": _mailchimp,
    "page": _page,
    "server": _server,
}
"""Where bodies come in; each request is signed, so that it comes as far as a vendor's own would."""

BODIES: dict[str, bytes] = {
    "ten megabytes": b"[" + b"1," * (5 * MILLION) + b"1]",
    "deep lists": b"[" * 200_000 + b"]" * 200_000,
    "deep objects": b'{"events":' * 80_000 + b"1" + b"}" * 80_000,
    "deep in an event": b'{"events":[' + b'{"a":' * 500 + b"1" + b"}" * 500 + b"]}",
    "no number": b'{"events":[{"at":NaN,"id":Infinity}],"records":[{"id":-Infinity}]}',
    "a number without end": b'{"events":[{"at":' + b"9" * 5_000 + b"}]}",
    "an exponent": b'{"events":[{"at":1e999999999}]}',
    "the same name twice": b'{"events":[],"events":{"a":1},"events":[1]}',
    "invalid UTF-8": b'{"events":[{"name":"\xff\xfe\xc0\x80"}]}',
    "half characters": b'[{"portalId":4711,"occurredAt":1,"subscriptionType":"\\ud800","objectId":"\\udfff"}]',
    "zero bytes": b'[{"portalId":4711,"occurredAt":1,"subscriptionType":"contact.\\u0000","objectId":"\\u0000"}]',
    "another encoding": json.dumps({"events": []}).encode("utf-32"),
    "very many fields": b"&".join(b"a%d=b" % number for number in range(60_000)),
    "nothing": b"",
}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("body", BODIES)
def test_a_hostile_body_is_refused_or_read_in_part(at: Attacked, door: str, body: str) -> None:
    """Neither 5xx nor an answer that says nothing: 4xx with a sentence as JSON, or the usual 2xx."""
    answer = at.send(DOORS[door](at, BODIES[body]))
    assert answer.status_code in (202, 204) or answer.get_json()["error"]
    if body == "ten megabytes":
        assert answer.status_code == 413


@pytest.mark.parametrize("door", DOORS)
def test_a_packed_body_is_never_unpacked(at: Attacked, door: str) -> None:
    """Fifty megabytes of nothing in fifty kilobytes stay packed: nobody sends so, and nothing of it is made."""
    bomb = gzip.compress(b"0" * (50 * MILLION))
    call = DOORS[door](at, bomb)
    tracemalloc.start()
    answer = at.send(Call(call.method, call.path, {**call.headers, "Content-Encoding": "gzip"}, call.body))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 400 <= answer.status_code < 500
    assert most < 20 * MILLION


@pytest.mark.parametrize("path", ["/leads", "/oauth/fakecrm/callback", "/join/x", "/t/x.js", "/healthz"])
def test_very_long_queries_headers_and_cookies_are_borne(at: Attacked, path: str) -> None:
    """What a server in front lets through is no news here."""
    long = "x" * 60_000
    for call in (
        Call("GET", f"{path}?after={long}&state={long}&code={long}"),
        Call("GET", path, {"X-Request-Id": long, "User-Agent": long, "Origin": long}),
        Call("GET", path, {"Cookie": f"__Host-connector={long}"}),
        Call("GET", path, {"Cookie": "; ".join(f"c{number}=v" for number in range(5_000))}),
        Call("GET", path, {"Accept": "*/*," * 5_000, "Content-Type": f"multipart/form-data; boundary={long}"}),
    ):
        assert at.send(call).status_code < 500


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data", "a/b; c=\xff", "", ";"])
def test_odd_types_of_a_body_change_nothing(at: Attacked, kind: str) -> None:
    """Programs' bodies are read as what they are, whatever they are called."""
    body = json.dumps({"events": [{"id": "event-0001", "type": "page", "path": "/", "visitor": "visitor-1"}]}).encode()
    for door in ("page", "server"):
        call = DOORS[door](at, body)
        assert at.send(Call(call.method, call.path, {**call.headers, "Content-Type": kind}, body)).status_code == 202


@pytest.mark.parametrize("number", [str(2**63), "9" * 40, "-1", "٣", "1e3", ""])
def test_numbers_that_no_row_has_are_no_page(at: Attacked, number: str) -> None:
    """In an address and in a query: 404, not what the database says of them."""
    for path in (f"/leads/{number or 'x'}", f"/leads?after=50.0~{number}", f"/leads?after={number}NaN~1"):
        assert at.send(Call("GET", path, signed_in=True)).status_code == 404, path
