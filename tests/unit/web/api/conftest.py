"""The API over a tenant with scores: one to read, and copies of it to change."""

from __future__ import annotations

import pytest

from tests.unit.web.api.program import Program, program
from tests.unit.web.site import Site


@pytest.fixture(scope="session")
def reader(scored: Site) -> Program:
    """A program that may do everything with the tenant that is only read."""
    return program(scored)


@pytest.fixture
def writer(live: Site) -> Program:
    """A program that may do everything with the copy."""
    return program(live)
