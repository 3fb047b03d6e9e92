"""Values of merge fields in the Mailchimp sandbox: whatever is given is taken as it is shown, or refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.sandbox.mailchimp import merging
from connector.sandbox.mailchimp.audience import Audience
from connector.sandbox.mailchimp.problems import Problem
from connector.sandbox.mailchimp.records import MergeField

TYPES = ("text", "number", "address", "phone", "date", "url", "radio", "dropdown", "birthday", "zip")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["1e400", "nan", "2026-02-30", "1900-01-01", "2100-12-31", "Yes"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def audience() -> Audience:
    """An audience with a field of each type, named after it."""
    made = Audience("list", 1, "List", 0)
    for type_ in TYPES:
        number = made.next_merge_id()
        made.merge_fields[number] = MergeField(number, type_.upper(), type_, type_, choices=("Yes", "No"))
    return made


def offer(to: Audience, values: dict[str, Any]) -> dict[str, Any] | Problem:
    """What became of values, or why they were refused."""
    try:
        return merging.checked(to, values, {}, skip_required=False)
    except Problem as problem:
        return problem


@given(st.sampled_from(TYPES), JSON)
def test_a_value_is_taken_and_stays_or_is_refused(type_: str, value: Any) -> None:
    """What was taken can be sent, and taking it again changes nothing."""
    kept = audience()
    taken = offer(kept, {type_.upper(): value})
    if isinstance(taken, Problem):
        assert (taken.status, taken.errors[0]["field"]) == (400, type_.upper())
    else:
        orjson.dumps(taken)
        assert offer(kept, taken) == taken


@pytest.mark.parametrize("empty", ["", None, {}])
def test_an_empty_value_clears(empty: Any) -> None:
    """Of every type."""
    kept = audience()
    assert merging.checked(kept, {"NUMBER": empty}, {"NUMBER": 5, "TEXT": "x"}, skip_required=False) == {"TEXT": "x"}


def test_a_megabyte_of_text_is_taken() -> None:
    """As it is."""
    text = "x" * 1_000_000
    assert merging.checked(audience(), {"TEXT": text}, {}, skip_required=False) == {"TEXT": text}
