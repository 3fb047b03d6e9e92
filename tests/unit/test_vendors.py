"""Vendors are named in their own folders, in the registry, and nowhere else of the product."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.adapters.registry import REGISTRY

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile("|".join(REGISTRY), re.IGNORECASE)
PLACES = ("connector/services", "connector/store", "connector/web", "scoring", "workers", "migrations")
KINDS = {".py", ".html", ".css", ".js"}
ALLOWED = {"connector/adapters/registry.py"}


@pytest.mark.parametrize("place", PLACES)
def test_no_vendor_is_named_outside_of_its_folder(place: str) -> None:
    """A fourth CRM must need no change there."""
    read = [path for path in (ROOT / place).rglob("*") if path.suffix in KINDS]
    assert read
    assert [str(path) for path in read if NAMED.search(path.read_text("utf-8"))] == []


def test_of_what_the_adapters_share_the_registry_alone_names_them() -> None:
    """The contract, the governor and the guard of hosts know no vendor."""
    shared = [*(ROOT / "connector/adapters").glob("*.py"), *(ROOT / "connector").glob("*.py")]
    named = {str(path.relative_to(ROOT)) for path in shared if NAMED.search(path.read_text("utf-8"))}
    assert named == ALLOWED
