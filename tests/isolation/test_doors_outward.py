"""Who may open connections to the outside: a new door is entered here with what keeps it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from connector.adapters import registry
from tests.isolation.doors import ROOT

LIBRARIES = {
    *("requests", "urllib3", "socket", "http", "httpx", "aiohttp", "smtplib", "ftplib", "asyncio", "ssl"),
    *("authlib", "hubspot", "mailchimp_marketing", "simple_salesforce"),
}
"""What opens connections."""

VENDORS = tuple(f"connector/adapters/{name}/" for name in registry.REGISTRY)

DOORS = {
    # Addresses that somebody outside named.
    "connector/adapters/egress.py",
    # The REST API from Python, on somebody else's machine.
    "connector/client/transport.py",
    # Tenants' own systems by that door.
    "connector/adapters/receivers.py",
    # The operator's own mail server, and no other.
    "connector/adapters/mail.py",
    # Providers of facts by that door; and errors of the server's own side by their names.
    "connector/adapters/enrichment/calls.py",
    "connector/web/api/document.py",
    "connector/web/api/problems.py",
    # The demo's browser, its sandboxes, and its look at its own processes on this machine.
    "connector/demo/browser.py",
    "connector/demo/sandboxes.py",
    "connector/demo/stack.py",
    # A free port on this machine; this host's name.
    "connector/embedded/processes.py",
    "connector/telemetry/reporter.py",
}
"""Beside the vendors' adapters: tokens go to the vendor's hosts or the configured sandbox alone (adapters/hosts)."""


def test_nobody_else_opens_connections() -> None:
    """Addresses that come from outside are asked by ``adapters/egress.Outside``; vendors by their adapters."""
    found = {place for place in _importing() if not place.startswith(VENDORS)}
    assert found - DOORS == set(), "these open connections: use connector.adapters.egress, or list them with a reason"
    assert DOORS - found == set(), "these doors are no more: take them off the list"


def _importing() -> Iterator[str]:
    for folder in ("connector", "workers", "scoring"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            place = path.relative_to(ROOT).as_posix()
            if (
                not place.startswith("connector/sandbox/")
                and "/node_modules/" not in place
                and LIBRARIES & set(_imported(path))
            ):
                yield place


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]
