"""Running Mailchimp sandboxes: one shared, others made to order."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from connector.sandbox import MailchimpAccount, RunningSandbox, SandboxConfig, start
from tests.unit.sandbox.mailchimp.visitor import Visitor

# The vendor's description of its API is not ours to ship: this runs where somebody has it.
collect_ignore = [] if os.environ.get("CONNECTOR_SPECS") else ["test_description.py"]

QUICK = SandboxConfig(
    vendor="mailchimp", latency_seconds=0.0, mailchimp=MailchimpAccount(batch_seconds=0.0, connections=1000)
)

Starter = Callable[..., RunningSandbox]


@pytest.fixture(scope="module")
def quick() -> Iterator[RunningSandbox]:
    """A sandbox without latency or felt limits, empty at first."""
    running = start(QUICK)
    yield running
    running.stop()


@pytest.fixture
def visitor(quick: RunningSandbox) -> Visitor:
    """An installed visitor of the quick sandbox."""
    return Visitor(quick).install()


@pytest.fixture
def started() -> Iterator[Starter]:
    """Start sandboxes with a configuration of one's own."""
    with ExitStack() as stack:

        def begin(clock: Any = None, **changed: Any) -> RunningSandbox:
            running = start(replace(QUICK, **changed), clock)
            stack.callback(running.stop)
            return running

        yield begin
