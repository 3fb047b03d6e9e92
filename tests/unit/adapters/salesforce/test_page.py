"""What the documentation says of Salesforce must be what the code has."""

from __future__ import annotations

import re
from pathlib import Path

from connector.adapters.salesforce.app import CAPABILITIES
from connector.adapters.salesforce.score_fields import DEFINITIONS, PREFIXES
from connector.adapters.salesforce.score_values import DEFAULT_NAMES
from connector.adapters.salesforce.session import CONCURRENT, SHARE

PAGE = (Path(__file__).resolve().parents[4] / "docs/crms/salesforce.md").read_text("utf-8")


def test_the_scopes_are_documented_with_their_reasons() -> None:
    """A security review compares the table with what the consent page asks for."""
    told = re.findall(r"^\| `([\w.-]+)` \| (yes|no) \| (.+) \|$", PAGE, re.MULTILINE)
    assert told == [(name, "yes", why) for name, why in CAPABILITIES.scopes.items()]


def test_the_fields_that_are_written_are_documented() -> None:
    """Each by its name, in the order in which they are made; the names are those of the definitions."""
    assert re.findall(r"^\| `(Lead_Score\w*)` \|", PAGE, re.MULTILINE) == list(DEFAULT_NAMES.values())
    assert {ours: f"{plain}__c" for ours, (plain, _, _) in DEFINITIONS.items()} == DEFAULT_NAMES
    assert f"`{PREFIXES[1]}Lead_Score__c`" in PAGE


def test_the_limits_are_the_ones_that_are_kept() -> None:
    """A fifth of the day, twenty at one time."""
    (budget,) = [item for item in CAPABILITIES.budgets if item.name == CONCURRENT]
    assert (budget.requests, budget.seconds) == (20, 0.0)
    assert "20 at one time" in PAGE
    assert SHARE == 1 / 5
    assert "a fifth of the day" in PAGE
