"""Running Salesforce sandboxes: one shared and roomy, others made to order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from connector.sandbox import RunningSandbox, SandboxConfig, start
from tests.unit.sandbox.salesforce.visitor import Visitor

ROOMY = SandboxConfig(vendor="salesforce", latency_seconds=0.0, index_lag_seconds=0.0)

collect_ignore = [] if os.environ.get("CONNECTOR_SPECS") else ["test_published_requests.py"]

Starter = Callable[..., RunningSandbox]


@pytest.fixture(scope="module")
def roomy() -> Iterator[RunningSandbox]:
    """An org without latency, lag or felt limits, empty at first."""
    running = start(ROOMY)
    yield running
    running.stop()


@pytest.fixture
def visitor(roomy: RunningSandbox) -> Visitor:
    """An installed visitor of the roomy org."""
    return Visitor(roomy).install()


@pytest.fixture
def started() -> Iterator[Starter]:
    """Start orgs with a configuration of one's own."""
    with ExitStack() as stack:

        def begin(clock: Any = None, **changed: Any) -> RunningSandbox:
            running = start(replace(ROOMY, **changed), clock)
            stack.callback(running.stop)
            return running

        yield begin
