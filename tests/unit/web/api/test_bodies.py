"""Bodies that two programs might read differently, or never end reading, are refused in words."""

from __future__ import annotations

import contextlib
import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.web.api import strict
from tests.unit.web.api.program import Program, problem

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=10,
)
QUICK = settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow], deadline=None)

UNREADABLE = {
    "not JSON": (b"{", "not JSON: line 1, column 2"),
    "nothing": (b"", "not JSON"),
    "not UTF-8": (b'{"leads": ["\xff"]}', "not UTF-8"),
    "UTF-16": ('{"leads": [1]}'.encode("utf-16"), "not UTF-8"),
    "a byte order mark": (b'\xef\xbb\xbf{"leads": [1]}', "not JSON"),
    "NaN": (b'{"leads": [NaN]}', "NaN"),
    "minus infinity": (b'{"leads": [-Infinity]}', "-Infinity"),
    "a number beyond all": (b'{"leads": [1e999]}', "too large"),
    "a number without end": (b'{"leads": [' + b"1" * 5000 + b"]}", "too long"),
    "a member twice": (b'{"leads": [1], "leads": [2]}', "twice"),
    "a member twice, spelt otherwise": (b'{"leads": [1], "\\u006ceads": [2]}', "twice"),
    "depth": (b"[" * 22 + b"]" * 22, "deeper than 20"),
    "a depth bomb": (b"[" * 60_000, "deeper than 20"),
    "objects in depth": (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "deeper than 20"),
    "NUL": (b'{"leads": ["a\\u0000b:1"]}', "NUL"),
    "half a pair": (b'{"leads": ["\\ud800:1"]}', "surrogate"),
    "half a pair as a name": (b'{"\\udfff": 1}', "surrogate"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_can_not_be_read_is_refused_with_the_reason(reader: Program, case: str) -> None:
    """Always 400, never 500, and nothing of the body is in the answer."""
    body, reason = UNREADABLE[case]
    found = problem(reader.raw("/scores/query", body), 400, "malformed")
    assert reason in found["detail"]


@QUICK
@given(JSON)
def test_whatever_is_sound_is_read_as_it_is(value: object) -> None:
    """The strict reader agrees with the common one."""
    assert strict.loads(json.dumps(value).encode()) == value
    assert strict.loads(json.dumps(value, ensure_ascii=False).encode()) == value


@QUICK
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    """It reads them, or says why not."""
    with contextlib.suppress(strict.Unreadable):
        strict.loads(body)


def test_twenty_levels_are_not_too_deep() -> None:
    """The limit is where the sentence says."""
    assert strict.loads(b"[" * 20 + b"]" * 20)
    with pytest.raises(strict.Unreadable):
        strict.loads(b"[" * 21 + b"1" + b"]" * 21)


def test_other_forms_and_compressed_bodies_are_refused(reader: Program) -> None:
    """A body is JSON as it is: nothing is unpacked."""
    body = b'{"leads": [1]}'
    problem(reader.raw("/scores/query", body, {"Content-Type": "text/plain"}), 415, "media-type")
    problem(
        reader.raw("/scores/query", b"leads=1", {"Content-Type": "application/x-www-form-urlencoded"}),
        415,
        "media-type",
    )
    packed = gzip.compress(b" " * 10_000_000 + body)
    assert (
        "compressed"
        in problem(reader.raw("/scores/query", packed, {"Content-Encoding": "gzip"}), 415, "media-type")["detail"]
    )


def test_too_much_is_refused_before_it_is_read(reader: Program) -> None:
    """64 KiB, or 512 KiB for batches."""
    problem(reader.raw("/scores/query", b" " * (64 * 1024 + 1)), 413, "too-large")
    problem(reader.raw("/events", b" " * (512 * 1024 + 1)), 413, "too-large")
    problem(reader.raw("/events", b" " * (10 * 1024 * 1024)), 413, "too-large")


def test_every_wrong_place_is_named(reader: Program) -> None:
    """Names that nobody knows are wrong too: a wish must not go unheard."""
    found = problem(reader.post("/scores/query", {"leads": [1, -1, "x", True, 1.5], "fresh": True}), 422, "invalid")
    assert {error["pointer"] for error in found["errors"]} == {
        "#/leads/1",
        "#/leads/2",
        "#/leads/3",
        "#/leads/4",
        "#/fresh",
    }
    assert problem(reader.post("/scores/query", [1]), 422, "invalid")["errors"]
    assert problem(reader.post("/scores/query", {}), 422, "invalid")["errors"][0]["pointer"] == "#/leads"
    found = problem(reader.get("/leads/1/history", limit="many", order="up"), 422, "invalid")
    assert {error["parameter"] for error in found["errors"]} == {"limit", "order"}


def test_addresses_and_methods_that_there_are_not_are_problems_as_well(reader: Program) -> None:
    """So that a program reads one form of error only."""
    problem(reader.get("/nothing"), 404, "not-found")
    assert "GET" in reader.post("/models", {}).headers["Allow"]
    problem(reader.post("/models", {}), 405, "method")
