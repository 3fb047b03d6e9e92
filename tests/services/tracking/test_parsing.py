"""Events as they are sent → events as they are kept: whatever comes, neighbours are kept and nobody is named."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.errors import RejectedInput
from connector.records import EventKind
from connector.services.tracking import texts
from connector.services.tracking.batch import Refusal
from connector.services.tracking.machines import by_machine
from connector.services.tracking.parsing import AHEAD, OLDEST, parse
from tests.services.tracking.visits import CHROME, body, identify, page
from tests.world import NOW

MOST = 50
MILLISECOND = timedelta(milliseconds=1)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=4,
)
PATHS = st.sampled_from(
    ["/", "/pricing?mail=a@b.co", "/u/ana@firm.com/x", "/u/ana%40firm.com", "pricing", "/" + "x" * 600]
)
EVENTS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["event-0001", "event-0002", "short", "no spaces here"]) | JSON,
        "type": st.sampled_from(["page", "event", "form", "identify"]) | JSON,
        "path": PATHS | JSON,
        "name": st.sampled_from(["Trial started", "mail ana@firm.com", " ", "x" * 101]) | JSON,
        "email": st.sampled_from(["ana@firm.com", "nobody", "@", "a@b@c"]) | JSON,
        "visitor": st.sampled_from(["visitor-1", "v"]) | JSON,
        "at": st.integers(0, 4 * 10**12)
        | st.sampled_from(["2026-03-01T11:00:00Z", "2026-03-01", "9999-12-31T23:59:59-23:00"])
        | JSON,
        "utm": st.dictionaries(st.sampled_from(texts.UTM), st.sampled_from(["spring", "ana@firm.com"]) | JSON) | JSON,
        "referrer": st.sampled_from(["www.example.com", "http://x/?ana@firm.com"]) | JSON,
        "machine": JSON,
    },
)


@settings(max_examples=60, deadline=None)
@given(events=st.lists(EVENTS | JSON, max_size=3), sent=st.none() | st.integers(0, 4 * 10**12) | JSON)
def test_each_event_is_taken_or_refused_and_nothing_taken_names_a_person(events: list[Any], sent: Any) -> None:
    """Whatever is sent: no crash, one verdict each, times within bounds, no address in what is kept as text."""
    batch = parse(body(*events, sent_at=sent, visitor="visitor-0"), NOW, MOST)
    assert len(batch.events) + len(batch.refused) == len(events)
    assert [item.index for item in batch.refused] == sorted({item.index for item in batch.refused})
    for event in batch.events:
        assert NOW - OLDEST <= event.at <= NOW
        assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", event.event_id)
        assert event.visitor or event.mailbox
        for text in (event.detail or "", *event.arrival.values()):
            assert not texts.holds_address(text)
            assert text.isprintable()


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=60) | JSON.filter(lambda sent: not isinstance(sent, dict)).map(orjson.dumps))
def test_what_is_no_batch_is_refused_in_a_sentence(sent: bytes) -> None:
    """Bytes of any kind end in an answer."""
    with pytest.raises(RejectedInput, match=r"\.$"):
        parse(sent, NOW, MOST)


@pytest.mark.parametrize("deep", [b"[" * 60_000, b'{"events":' * 5_000, b'{"events":[' + b"[" * 30_000])
def test_nesting_without_end_is_no_json(deep: bytes) -> None:
    """The reader gives up before the stack does."""
    with pytest.raises(RejectedInput, match="not JSON"):
        parse(deep, NOW, MOST)


def test_too_many_at_once_are_refused_altogether() -> None:
    """Nobody can say which of them were meant."""
    with pytest.raises(RejectedInput, match="At most 50 events"):
        parse(body(*(page(number) for number in range(51)), visitor="visitor-1"), NOW, MOST)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ("text", Refusal.NO_OBJECT),
        (page(1) | {"type": "click"}, Refusal.TYPE),
        (page(1) | {"id": "short"}, Refusal.ID),
        (page(1) | {"id": None}, Refusal.ID),
        (page(1, visitor="a b c d e f"), Refusal.VISITOR),
        (page(1, path="pricing"), Refusal.PATH),
        (page(1, path="/\u0000"), Refusal.PATH),
        (page(1) | {"type": "event"}, Refusal.NAME),
        (page(1) | {"type": "event", "name": "mail of ana@firm.com"}, Refusal.ADDRESS_IN_NAME),
        (identify(1, "nobody"), Refusal.EMAIL),
        (identify(1, "a@b.co") | {"email": None}, Refusal.EMAIL),
        (page(1, email="nobody"), Refusal.EMAIL),
        (page(1, at="2026-03-01 12:00"), Refusal.TIME),
        (page(1, at=True), Refusal.TIME),
        (page(1, at=10**16), Refusal.TIME),
        (page(1, at=(NOW + AHEAD + MILLISECOND).isoformat()), Refusal.FUTURE),
        (page(1, at=(NOW - OLDEST - MILLISECOND).isoformat()), Refusal.OLD),
        (page(1, visitor=None), Refusal.NOBODY),
    ],
)
def test_a_bad_event_is_refused_with_its_reason_and_its_neighbours_are_kept(event: Any, reason: Refusal) -> None:
    """Before and after it."""
    batch = parse(body(page(0), event, page(2), visitor="visitor-0"), NOW, MOST)
    assert [item.event_id for item in batch.events] == ["event-0000", "event-0002"]
    assert [(item.index, item.reason) for item in batch.refused] == [(1, reason)]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("/pricing?utm_source=x&email=a@b.co#top", "/pricing"),
        ("/", "/"),
        ("/u/ana@firm.com/edit", "/u/{address}/edit"),
        ("/u/ana%40firm.com", "/u/{address}"),
        ("/@ana", "/{address}"),
        ("/reset/2f1c7a90-2b5e-4f0e-9a5e-0a1b2c3d4e5f", "/reset/{id}"),
        ("/reset/abcdefghijklmnop1234567890", "/reset/{id}"),
        ("/blog/how-we-built-the-lead-scoring", "/blog/how-we-built-the-lead-scoring"),
    ],
)
def test_of_an_address_the_path_is_kept_without_what_names_people(sent: str, kept: str) -> None:
    """Queries, fragments, addresses and tokens stay behind."""
    (event,) = parse(body(page(1, sent), visitor="visitor-1"), NOW, MOST).events
    assert (event.kind, event.detail) == (EventKind.PAGE_VIEW, kept)


def test_how_a_visitor_came_is_kept_where_it_names_nobody() -> None:
    """Campaign parameters and the referring host, nothing else of the query."""
    utm = {"campaign": "spring  sale", "source": "ana@firm.com", "term": 3, "gclid": "1"}
    (event,) = parse(body(page(1, referrer="WWW.Example.com", utm=utm), visitor="visitor-1"), NOW, MOST).events
    assert event.arrival == {"campaign": "spring sale", "referrer": "www.example.com"}


@pytest.mark.parametrize("wrong", [timedelta(hours=-7), timedelta(days=900), timedelta(seconds=1)])
def test_what_a_clock_is_off_by_is_taken_from_its_times(wrong: timedelta) -> None:
    """A browser with a wrong clock tells how long ago things happened, and that is right."""
    then, sent = (int((at + wrong).timestamp() * 1000) for at in (NOW - timedelta(minutes=3), NOW))
    (event,) = parse(body(page(1, at=then), visitor="visitor-1", sent_at=sent), NOW, MOST).events
    assert event.at == NOW - timedelta(minutes=3)


def test_a_little_ahead_is_now() -> None:
    """Five minutes are what clocks differ by."""
    (event,) = parse(body(page(1, at=(NOW + AHEAD).isoformat()), visitor="visitor-1"), NOW, MOST).events
    assert event.at == NOW


def test_a_form_is_kept_whatever_was_typed_for_an_address() -> None:
    """It was submitted; only who it was is not known."""
    form = {"id": "event-0001", "type": "form", "name": "contact", "email": "ana at firm"}
    (event,) = parse(body(form, visitor="visitor-1"), NOW, MOST).events
    assert (event.kind, event.detail, event.mailbox) == (EventKind.FORM_SUBMITTED, "contact", None)


@pytest.mark.parametrize(
    ("agent", "machine"),
    [
        (CHROME, False),
        ("Mozilla/5.0 (Linux; Android 13; CUBOT P80) Chrome/131.0 Mobile Safari/537.36", False),
        (CHROME.replace("Chrome", "HeadlessChrome"), True),
        ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", True),
        ("curl/8.5.0", True),
        ("", True),
        (None, True),
    ],
)
def test_honest_robots_are_told_from_people(agent: str | None, machine: bool) -> None:
    """By what they call themselves."""
    assert by_machine(agent) is machine
