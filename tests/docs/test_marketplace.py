"""The marketplace kit says what the code does, and is whole for every CRM."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from connector.adapters.hubspot import app as hubspot
from connector.adapters.mailchimp import app as mailchimp
from connector.adapters.registry import REGISTRY
from connector.adapters.salesforce import app as salesforce
from connector.adapters.salesforce import hosts as salesforce_hosts

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "docs" / "marketplace"
CRMS = sorted(REGISTRY)
PARTS = {"listing.md", "scopes.md", "security.md", "privacy.md", "setup.md", "support.md", "data-flow.svg"}
CAPABILITIES = {
    "hubspot": hubspot.CAPABILITIES,
    "mailchimp": mailchimp.CAPABILITIES,
    "salesforce": salesforce.CAPABILITIES,
}
HOSTS = {
    "hubspot": (hubspot.UI, hubspot.API),
    "mailchimp": (mailchimp.LOGIN,),
    "salesforce": (salesforce_hosts.PRODUCTION, salesforce_hosts.SANDBOX),
}


@pytest.mark.parametrize("crm", CRMS)
def test_the_kit_is_whole(crm: str) -> None:
    """Nothing that a vendor asks for is missing, and the list of the kit leads to all of it."""
    assert {path.name for path in (KIT / crm).iterdir()} == PARTS
    listed = set(re.findall(rf"\]\({crm}/([\w.-]+)\)", (KIT / "README.md").read_text("utf-8")))
    assert listed == PARTS


@pytest.mark.parametrize("crm", CRMS)
def test_the_scopes_are_those_that_are_asked_for(crm: str) -> None:
    """A review compares the table with the consent page; a CRM without scopes is told what is used instead."""
    page = (KIT / crm / "scopes.md").read_text("utf-8")
    told = re.findall(r"^\| `([\w.-]+)` \| (yes|no) \| (.+) \|$", page, re.MULTILINE)
    asked = CAPABILITIES[crm]
    required = [(name, "yes", why) for name, why in asked.scopes.items()]
    assert told == required + [(name, "no", why) for name, why in asked.optional_scopes.items()]
    if not told:
        docs = (ROOT / "docs" / "crms" / f"{crm}.md").read_text("utf-8")
        used = re.findall(r"^\| (?!what|---)[^`|]+ \| [^|]+ \|$", page, re.MULTILINE)
        assert used
        assert all(line in docs for line in used)


@pytest.mark.parametrize("crm", CRMS)
def test_the_picture_shows_where_tokens_go(crm: str) -> None:
    """The hosts are the adapter's own; and it is a picture alone, with its words for who can't see it."""
    text = (KIT / crm / "data-flow.svg").read_text("utf-8")
    assert all(address.removeprefix("https://") in text for address in HOSTS[crm])
    drawn = ElementTree.fromstring(text)  # noqa: S314 - our own file
    names = {element.tag.rpartition("}")[2] for element in drawn.iter()}
    assert (
        {"title", "desc"}
        <= names
        <= {"svg", "title", "desc", "style", "defs", "marker", "rect", "path", "circle", "text"}
    )
