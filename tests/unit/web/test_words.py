"""Numbers, times and events in words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.records import Actor, EventKind
from connector.services.reports.lead import Happening, LedgerLine
from connector.services.reports.model import Figure
from connector.web import words

AT = datetime(2026, 3, 1, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("probability", "said"),
    [
        (0.25, "about 1 in 4"),
        (0.48, "about 1 in 2"),
        (0.29, "about 3 in 10"),
        (0.05, "about 1 in 20"),
        (0.0035, "about 1 in 290"),
        (0.0001, "less than 1 in 1,000"),
        (0.97, "more than 19 in 20"),
    ],
)
def test_a_chance_is_a_share_of_people(probability: float, said: str) -> None:
    """A probability is told as so many of so many."""
    assert words.chance(probability) == said


@given(st.floats(0.001, 0.95))
def test_a_chance_in_words_is_near_the_chance(probability: float) -> None:
    """The fraction that is said lies within a sixth of the truth, and within .05 of it."""
    found = re.fullmatch(r"about (\d+) in ([\d,]+)", words.chance(probability))
    assert found
    said = int(found[1]) / int(found[2].replace(",", ""))
    assert said == pytest.approx(probability, rel=0.17, abs=0.002)
    assert abs(said - probability) <= 0.051


@given(st.floats(0, 1), st.floats(0, 1))
def test_every_probability_can_be_said(low: float, high: float) -> None:
    """Percent keeps the order of what it shows."""
    said = [float(words.percent(share).removesuffix(" %")) for share in sorted((low, high))]
    assert said == sorted(said)


@pytest.mark.parametrize("kind", list(EventKind))
@pytest.mark.parametrize("detail", [None, "pricing {0}"])
def test_every_kind_of_event_has_a_sentence(kind: EventKind, detail: str | None) -> None:
    """With and without detail; braces in a detail are only text."""
    said = words.happening(Happening(AT, kind, Actor.LEAD, detail))
    assert said
    assert (detail in said) if detail else "{" not in said


@pytest.mark.parametrize("who", list(Actor))
def test_every_actor_is_named_but_the_lead(who: Actor) -> None:
    """Who did it is said unless it was the lead."""
    assert bool(words.actor(Happening(AT, EventKind.CALL, who, None))) is (who is not Actor.LEAD)


def test_times_are_utc_and_machine_readable() -> None:
    """The element holds the exact time, the text the minute and the zone."""
    assert words.when(AT) == '<time datetime="2026-03-01T09:05:00+00:00">1 Mar 2026, 09:05 UTC</time>'
    assert words.day(AT) == '<time datetime="2026-03-01">1 Mar 2026</time>'
    assert words.when(None) == words.day(None) == "–"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "0 s"), (59.6, "1 min 0 s"), (358, "5 min 58 s"), (7384, "2 h 3 min")]
)
def test_durations(seconds: float, said: str) -> None:
    """Two units at most, none out of range."""
    assert words.duration(timedelta(seconds=seconds)) == said


def test_figures_and_bounds() -> None:
    """Shares in percent, multiples with their sign, plain numbers with three digits, gaps as dashes."""
    assert words.figure(0.37, "%") == "37 %"
    assert words.figure(4.4871, "×") == "4.5×"
    assert words.figure(0.93114, "") == "0.931"
    assert words.figure(None, "") == "–"
    assert words.interval(Figure(0.5, 0.4, 0.6), "") == "0.400 to 0.600"
    assert words.interval(Figure(0.5), "") == ""
    assert words.signed(-0.154) == "−0.15"
    assert words.number(12345.0) == "12,345"


def test_ledger_entries_are_sentences() -> None:
    """Scored, delivered, other, and erased."""
    scored = {"score": "83.4", "tier": "Medium", "model": "model_v1", "requester": "first run"}
    assert words.ledger_line(LedgerLine(1, "scored", AT, scored)) == "Scored 83.4 (Medium) by model_v1 (first run)"
    delivered = {"record": "7", "answer": "needs_admin"}
    assert words.ledger_line(LedgerLine(2, "delivered", AT, delivered)) == "Sent to CRM record 7: needs admin"
    assert words.ledger_line(LedgerLine(3, "accessed", AT, {})) == "Accessed"
    assert "erased" in words.ledger_line(LedgerLine(4, "scored", AT, None))


def test_a_stage_is_called_as_its_crm_calls_it() -> None:
    """By the label of its value where one is known, else by the value."""
    labels = {"mql": "Marketing Qualified Lead"}
    assert words.goal("stage:mql", labels) == "reaching the stage “Marketing Qualified Lead”"
    assert words.goal("property:stage=mql", labels) == "“stage” becoming “Marketing Qualified Lead”"
    assert words.goal("stage:sql", labels) == "reaching the stage “sql”"
    assert words.goal("deal_won", labels) == "Deal won"
