"""Record ids of 15 and 18 characters."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.ids import object_of, to_18
from connector.adapters.salesforce.values import UnreadableError

SHORT = st.text(string.ascii_letters + string.digits, min_size=15, max_size=15)


@pytest.mark.parametrize(
    ("short", "long"),
    [("001A0000006Vm9r", "001A0000006Vm9rIAC"), ("00D000000000001", "00D000000000001EAA")],
)
def test_the_long_form_is_salesforces_own(short: str, long: str) -> None:
    """Two ids whose long form is published."""
    assert to_18(short) == long
    assert to_18(long) == long


@given(SHORT)
def test_the_long_form_holds_the_short_one(short: str) -> None:
    """Nothing is lost, and doing it twice changes nothing."""
    long = to_18(short)
    assert long[:15] == short
    assert to_18(long) == long


@given(SHORT, SHORT)
def test_ids_that_differ_by_case_alone_stay_apart(one: str, other: str) -> None:
    """In any case the long forms differ where the short ones do."""
    assert (to_18(one).lower() == to_18(other).lower()) == (one == other)
    assert (to_18(one).lower() == to_18(one.swapcase()).lower()) == (one == one.swapcase())


@given(SHORT)
def test_a_lost_case_is_restored(short: str) -> None:
    """A spreadsheet's capitals do not make another record of it."""
    assert to_18(to_18(short).upper()) == to_18(short)


@pytest.mark.parametrize("bad", [None, "", "999999999", "00Q" + "é" * 12, "00Q000000000001EA9", 17, "00Q' OR 'a'='a "])
def test_anything_else_is_unreadable(bad: object) -> None:
    """No other text passes for an id, so none reaches a query."""
    with pytest.raises(UnreadableError):
        to_18(bad)


def test_only_leads_and_contacts_are_persons() -> None:
    """The first three characters tell the object."""
    assert object_of("00Q000000000001") == "Lead"
    assert object_of("003000000000001AAA") == "Contact"
    assert object_of("001000000000001AAA") is None
    assert object_of("999999999") is None
