"""What an admin may paste as a journey."""

from __future__ import annotations

import re

import pytest

from connector.adapters.mailchimp.calls import Call
from connector.adapters.mailchimp.journeys import AUDIENCE, JOURNEY, OPTIONS, Journey

PATH = "/customer-journeys/journeys/8412/steps/37120/actions/trigger"


def taken(name: str, value: str) -> bool:
    return re.fullmatch(OPTIONS[name].pattern, value) is not None


@pytest.mark.parametrize(
    "value", [PATH, f"https://us19.api.mailchimp.com/3.0{PATH}", f"https://us19.api.mailchimp.com{PATH}"]
)
def test_the_address_that_mailchimp_shows_is_taken(value: str) -> None:
    """In full, or its path alone."""
    assert taken(JOURNEY, value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "8412",
        f"http://us19.api.mailchimp.com/3.0{PATH}",
        f"{PATH}?x=1",
        f"{PATH}\n",
        PATH.replace("37120", "3712०"),
        PATH.replace("8412", "../lists"),
    ],
)
def test_anything_else_is_refused(value: str) -> None:
    """Nothing but two numbers gets from it into a call."""
    assert not taken(JOURNEY, value)


def test_an_audience_is_named_by_its_id() -> None:
    """As Mailchimp's settings show it."""
    assert taken(AUDIENCE, "d16d8eb3ca")
    assert not taken(AUDIENCE, "Customers and leads")


def test_only_the_ids_are_used() -> None:
    """The call goes to the account's own host, whatever was pasted."""
    call = Journey(8412, 37120, None).call("ann@example.com")
    assert call == Call("POST", PATH, {}, {"email_address": "ann@example.com"})


def test_the_option_says_who_answers_for_what_is_sent() -> None:
    """In a sentence, beside the form."""
    assert "yours to answer for" in OPTIONS[JOURNEY].explanation
