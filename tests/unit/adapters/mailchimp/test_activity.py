"""Rows of campaign reports → engagement events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.mailchimp.activity import Mailing, activity_events, open_events, unsubscribe_event
from connector.adapters.mailchimp.values import UnreadableError, iso
from connector.records import Actor, EventKind

SENT = datetime(2026, 3, 1, 9, tzinfo=UTC)
MAILING = Mailing("m1", SENT)
WHO = {"email_id": "hash", "email_address": "Ann@Example.com"}


def act(action: str, seconds: float, **more: object) -> dict[str, Any]:
    """Return something that was done so long after the sending."""
    return {"action": action, "timestamp": iso(SENT + timedelta(seconds=seconds)), **more}


def row(*acts: dict[str, Any]) -> dict[str, Any]:
    """Return a recipient's row."""
    return {**WHO, "activity": list(acts)}


def test_a_recipient_without_activity_was_sent_the_mail() -> None:
    """Exposure counts too, at the campaign's time; on later looks it is known already."""
    (sent,) = activity_events(MAILING, row(), exposure=True)
    assert (sent.kind, sent.at, sent.actor, sent.email) == (
        EventKind.EMAIL_SENT,
        SENT,
        Actor.SELLER,
        "ann@example.com",
    )
    assert activity_events(MAILING, row(), exposure=False) == []


def test_clicks_and_bounces_are_read_and_opens_left_to_their_own_report() -> None:
    """Only that one tells a mail service's opens from a person's."""
    found = activity_events(
        MAILING,
        row(act("open", 60), act("click", 90, url="https://x.example/a?u=ann#b"), act("bounce", 5, type="soft"), {}),
        exposure=False,
    )
    assert [(event.kind, event.detail) for event in found] == [
        (EventKind.EMAIL_CLICKED, "https://x.example/a"),
        (EventKind.EMAIL_BOUNCED, "soft"),
    ]


def test_a_click_right_after_delivery_is_a_scanners() -> None:
    """Security software follows links before a person can."""
    found = activity_events(MAILING, row(act("click", 3, url="a"), act("click", 600, url="a")), exposure=False)
    assert [event.actor for event in found] == [Actor.MACHINE, Actor.LEAD]


def test_clicks_on_every_link_at_once_are_a_scanners() -> None:
    """Three links within five seconds, at whatever hour; two are a person's."""
    many = activity_events(MAILING, row(*(act("click", 900 + n, url=f"u{n}") for n in range(3))), exposure=False)
    assert {event.actor for event in many} == {Actor.MACHINE}
    few = activity_events(MAILING, row(*(act("click", 900 + n, url=f"u{n}") for n in range(2))), exposure=False)
    assert {event.actor for event in few} == {Actor.LEAD}


def test_opens_by_a_proxy_are_the_machines() -> None:
    """Older answers do not say; then the open is the lead's."""
    opens = [{"timestamp": iso(SENT), "is_proxy_open": mark} for mark in (True, False, None)]
    found = open_events(MAILING, {**WHO, "opens": opens})
    assert [event.actor for event in found] == [Actor.MACHINE, Actor.LEAD, Actor.LEAD]


def test_opting_out_has_its_time_and_reason() -> None:
    """The reason is one of a few that Mailchimp offers."""
    found = unsubscribe_event(MAILING, {**WHO, "timestamp": iso(SENT), "reason": "No longer interested"})
    assert (found.kind, found.at, found.detail) == (EventKind.UNSUBSCRIBED, SENT, "No longer interested")


@given(st.lists(st.tuples(st.integers(0, 30), st.sampled_from("abc")), max_size=12))
def test_every_click_has_an_id_of_its_own_that_stays(clicks: list[tuple[int, str]]) -> None:
    """Equal clicks of one second too; read again, and read in another order, the ids are the same."""
    acts = [act("click", seconds, url=url) for seconds, url in clicks]
    ids = [event.source_id for event in activity_events(MAILING, row(*acts), exposure=False)]
    assert len(set(ids)) == len(clicks)
    again = [event.source_id for event in activity_events(MAILING, row(*reversed(acts)), exposure=False)]
    assert sorted(again) == sorted(ids)


@pytest.mark.parametrize(
    "raw",
    [
        {**WHO, "email_address": ""},
        {**WHO, "email_id": None},
        {**WHO, "activity": [{"action": "click", "timestamp": ""}]},
    ],
)
def test_a_row_that_names_nobody_or_no_time_is_rejected(raw: dict[str, Any]) -> None:
    """Its neighbours are kept."""
    with pytest.raises(UnreadableError):
        activity_events(MAILING, raw, exposure=True)
