"""Whatever a program sends, it is answered: nothing is our fault."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.web.api.program import Program

TEXT = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "fakecrm:1000",
            "fakecrm:101:1000",
            ":",
            "::",
            "fakecrm:",
            "\x00",
            "%00",
            "../x",
            "'; --",
            "9" * 40,
            "-1",
            "1e9",
        ]
    ),
)
VALUE = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**70), 2**70),
        st.floats(),
        TEXT,
        st.sampled_from(["2026-03-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "order"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
BODIES = {
    "/scores/query": ["leads"],
    "/scores/recomputations": ["leads"],
    "/leads/search": ["email", "company", "tier", "min_score", "max_score", "scored_since", "limit", "cursor"],
    "/events": ["events"],
    "/conversions": ["conversions"],
}
PATHS = ["/leads/{}", "/leads/{}/score", "/leads/{}/history", "/models/{}", "/scores/recomputations/{}"]
ITEM = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("id", "lead", "type", "kind", "at", "name", "email", "visitor", "amount", "currency", "path"), VALUE
    ),
)
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@QUICK
@given(st.data())
def test_no_body_breaks_a_route(writer: Program, data: st.DataObject) -> None:
    """Taken, or refused with a problem."""
    path = data.draw(st.sampled_from(sorted(BODIES)))
    body: Any = data.draw(st.dictionaries(st.sampled_from(BODIES[path]), st.one_of(VALUE, st.lists(ITEM, max_size=3))))
    answered(writer.raw(path, json.dumps(body).encode()))


@QUICK
@given(st.sampled_from(PATHS), TEXT, TEXT)
def test_no_address_breaks_a_route(writer: Program, path: str, name: str, cursor: str) -> None:
    """Whatever stands in the place of an id, a cursor, a number."""
    answered(writer.send("GET", path.format(quoted(name)), query={"cursor": cursor, "limit": name}))
    answered(writer.send("GET", path.format(quoted(name))))


def quoted(text: str) -> str:
    """An address may hold it."""
    return quote(text.encode("utf-8", "replace"), safe="")


def answered(answer: Any) -> None:
    """No fault of ours, and refusals are problems."""
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.content_type == "application/problem+json"
