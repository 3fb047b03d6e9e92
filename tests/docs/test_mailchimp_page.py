"""Mailchimp's page against the adapter."""

from __future__ import annotations

import re
from pathlib import Path

from connector.adapters.mailchimp.app import CAPABILITIES
from connector.adapters.mailchimp.batches import OPERATIONS
from connector.adapters.mailchimp.jobs import AHEAD
from connector.adapters.mailchimp.score_fields import DEFAULT_NAMES, TAGS
from connector.adapters.mailchimp.score_writes import LARGEST_BATCH, ONE_BY_ONE
from connector.adapters.mailchimp.streams.campaigns import FOLLOWED
from connector.adapters.mailchimp.tagging import HOLD

PAGE = (Path(__file__).resolve().parents[2] / "docs/crms/mailchimp.md").read_text("utf-8")
WORDS = {4: "four", 10: "ten", 30: "thirty"}


def test_what_is_written_is_documented() -> None:
    """Each by its name in Mailchimp and by ours."""
    told = re.findall(r"^\| (?:field|tag) `([\w-]+)` \| `(\w+)` \|", PAGE, re.MULTILINE)
    assert {ours: name for name, ours in told} == DEFAULT_NAMES
    assert all(f"`{tag}`" in PAGE for tag in (TAGS[0], TAGS[1], TAGS[-1]))


def test_the_limits_are_those_that_are_kept() -> None:
    """Connections, sizes and days, in the page's words."""
    connections = CAPABILITIES.budgets[0].requests
    assert f"holds at most {WORDS[connections]}" in PAGE
    assert f"Up to {WORDS[ONE_BY_ONE]} scores" in PAGE
    assert f"batch jobs of up to {OPERATIONS} calls" in PAGE
    assert f"up to {LARGEST_BATCH:,} scores together" in PAGE
    assert f"up to {WORDS[AHEAD]} are handed in ahead" in PAGE
    assert f"for {WORDS[HOLD.days]} days from the next score" in PAGE
    assert f"followed for {WORDS[FOLLOWED.days]} days" in PAGE


def test_no_scope_is_asked_for() -> None:
    """Mailchimp has none; the page says what a token is used for instead."""
    assert not CAPABILITIES.scopes
    assert "There are no scopes" in PAGE
