"""What the documentation says of names must be what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.adapters.contract import AppCredentials
from connector.adapters.hubspot.app import CAPABILITIES
from connector.adapters.hubspot.score_fields import DEFINITIONS
from connector.adapters.registry import REGISTRY, build
from connector.adapters.support import support_table

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_the_scopes_of_hubspot_are_documented_with_their_reasons() -> None:
    """A marketplace review compares the table with what the consent page asks for."""
    page = (DOCS / "crms" / "hubspot.md").read_text("utf-8")
    told = re.findall(r"^\| `([\w.-]+)` \| (yes|no) \| (.+) \|$", page, re.MULTILINE)
    required = [(name, "yes", why) for name, why in CAPABILITIES.scopes.items()]
    optional = [(name, "no", why) for name, why in CAPABILITIES.optional_scopes.items()]
    assert told == required + optional


def test_the_properties_that_are_written_are_documented() -> None:
    """Each by its name, in the order in which they are made."""
    page = (DOCS / "crms" / "hubspot.md").read_text("utf-8")
    assert re.findall(r"^\| `(lead_score\w*)` \|", page, re.MULTILINE) == list(DEFINITIONS)


@pytest.mark.parametrize("crm", sorted(REGISTRY))
def test_what_is_supported_is_what_the_adapter_declares(crm: str) -> None:
    """The page of each CRM holds the table of its capabilities as it is."""
    app = build(
        crm, AppCredentials("id", "secret", None, None, "https://x.example.com/back", "https://x.example.com/push")
    )
    assert support_table(app.capabilities) in (DOCS / "crms" / f"{crm}.md").read_text("utf-8")


def test_the_settings_are_documented() -> None:
    """Every variable that is read is in the operator's table, and none that is not."""
    page = (DOCS / "operations.md").read_text("utf-8")
    read = set(re.findall(r'"((?:CONNECTOR|DATABASE|REDIS)_[A-Z_]+)"', (ROOT / "connector/settings.py").read_text()))
    told = set(re.findall(r"`((?:CONNECTOR|DATABASE|REDIS)_[A-Z_]+)`", page))
    assert {name for name in read if not name.endswith("_")} == told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page exists."""
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert broken == []
