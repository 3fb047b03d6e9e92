"""The sandbox CRMs of a demo: one process each, holding overlapping parts of one population."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from connector.demo.options import DemoOptions

SHARES: Mapping[str, float] = {"hubspot": 1.0, "salesforce": 0.6, "mailchimp": 0.4}
"""CRM → the part of a made-up population that it knows."""
IMPORTING = ("hubspot",)
"""The sandbox CRMs that a real export can be filled into."""
CLIENT_ID, CLIENT_SECRET = "sandbox-client", "sandbox-secret"
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class RequestsSeen:
    """What a sandbox's log says: all requests, those refused for their rate, records written in batches."""

    total: int
    rate_limited: int
    records_written: int


@dataclass(frozen=True, slots=True)
class SandboxCrm:
    """A sandbox CRM that answers at ``origin``."""

    vendor: str
    origin: str

    def requests_seen(self) -> RequestsSeen:
        """Ask the log what was asked of this CRM."""
        told = self._ask("requests/summary")
        return RequestsSeen(int(told["total"]), int(told["rate_limited"]), int(told["records_written"]))

    def population(self) -> dict[str, Any]:
        """Ask what it was filled with: the instant that its data describe, and its tenant's settings."""
        return self._ask("population")

    def settings(self) -> dict[str, str]:
        """Return the variables by which the product knows its app here."""
        prefix = f"CONNECTOR_CRM_{self.vendor.upper()}"
        return {
            f"{prefix}_CLIENT_ID": CLIENT_ID,
            f"{prefix}_CLIENT_SECRET": CLIENT_SECRET,
            f"{prefix}_AUTHORIZE_URL": self.origin,
            f"{prefix}_API_URL": self.origin,
        }

    def _ask(self, what: str) -> dict[str, Any]:
        answer: dict[str, Any] = requests.get(f"{self.origin}/_sandbox/{what}", timeout=_TIMEOUT_SECONDS).json()
        return answer


def chosen_crms(options: DemoOptions) -> Sequence[str]:
    """Return the CRMs of a demo: those asked for, else all that can hold what is to be shown."""
    return options.crms or (IMPORTING if options.data else tuple(SHARES))


def command(vendor: str, options: DemoOptions, web: str, port_file: Path) -> list[str]:
    """Return the command line that serves one sandbox CRM, filled as the options ask."""
    line = [sys.executable, "-m", "connector.sandbox", vendor, "--port-file", str(port_file)]
    line += ["--redirect-uri", f"{web}/oauth/{vendor}/callback"]
    line += ["--contacts", str(options.contacts), "--seed", str(options.seed)]
    if SHARES[vendor] < 1:
        line += ["--share", str(SHARES[vendor])]
    if options.now:
        line += ["--now", options.now]
    if options.data:
        line += ["--data", str(options.data.resolve())]
    if options.mapping:
        line += ["--mapping", str(options.mapping.resolve())]
    return line
