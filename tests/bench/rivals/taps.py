"""What a Singer tap is asked for: its settings, and a catalog of the streams that we read too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.rivals.signing_in import Signed


@dataclass(frozen=True, slots=True)
class Tap:
    """A vendor's tap: its streams that are comparable with ours, and by which option it takes its catalog."""

    program: str
    streams: frozenset[str]
    catalog_option: str = "--catalog"

    signs_in_with: tuple[str, ...] = ("access_token",)
    """HubSpot's tap is given no refresh token: it would call an endpoint that HubSpot ends, and the sandbox lacks."""

    further: Mapping[str, Any] = field(default_factory=dict)

    whole: bool = True
    """Whether it can be asked for the kinds of things that we read. HubSpot's has no stream of the properties' history,
    of forms or of e-mail events."""

    def settings(self, signed: Signed) -> dict[str, Any]:
        """Return the tap's configuration for an installation."""
        known = {name: getattr(signed, name) for name in self.signs_in_with}
        return {**known, "start_date": "2015-01-01T00:00:00Z", **self.further}


_OF_CONTACTS = ("deals", "calls", "emails", "meetings", "notes", "tasks")
_LINKS = tuple(f"{kind}_contacts_associations" for kind in _OF_CONTACTS)

TAPS: Mapping[str, Tap] = {
    "hubspot": Tap(
        "tap-hubspot",
        frozenset({"contacts", "companies", *_OF_CONTACTS, *_LINKS}),
        further={"associations": {kind: ["contacts"] for kind in _OF_CONTACTS}},
        whole=False,
    ),
    "salesforce": Tap(
        "tap-salesforce",
        frozenset(
            {
                "Lead",
                "Contact",
                "Account",
                "Opportunity",
                "OpportunityContactRole",
                "OpportunityFieldHistory",
                "Task",
                "Event",
                "CampaignMember",
                "LeadHistory",
            }
        ),
        "--properties",
        ("refresh_token", "client_id", "client_secret"),
        {"api_type": "REST", "select_fields_by_default": True},
    ),
    "mailchimp": Tap(
        "tap-mailchimp",
        frozenset({"lists", "list_members", "campaigns", "reports_email_activity", "unsubscribes", "automations"}),
    ),
}


def prepare(tap: Tap, command: Path, signed: Signed, folder: Path, environment: Mapping[str, str]) -> list[str]:
    """Write the tap's settings and catalog into ``folder``; return the command of a full read."""
    settings, catalog = folder / "settings.json", folder / "catalog.json"
    settings.write_text(json.dumps(tap.settings(signed)))
    discover = [str(command), "--config", str(settings), "--discover"]
    found = subprocess.run(discover, env=environment, check=True, capture_output=True).stdout
    catalog.write_text(json.dumps(_selected(json.loads(found), tap.streams)))
    return [str(command), "--config", str(settings), tap.catalog_option, str(catalog)]


def store(target: Path, folder: Path) -> list[str]:
    """Write a target's settings into ``folder``; return the command that stores there what a tap prints."""
    settings = folder / "target.json"
    settings.write_text(json.dumps({"path": str(folder / "stored.duckdb"), "default_target_schema": "main"}))
    return [str(target), "--config", str(settings)]


def _selected(catalog: dict[str, Any], wanted: frozenset[str]) -> dict[str, Any]:
    """Mark the wanted streams with all their fields, in both of the ways that taps look for."""
    for stream in catalog["streams"]:
        chosen = stream["tap_stream_id"] in wanted
        stream["schema"]["selected"] = chosen
        if not any(each["breadcrumb"] == [] for each in stream["metadata"]):
            stream["metadata"].append({"breadcrumb": [], "metadata": {}})
        for each in stream["metadata"]:
            each["metadata"]["selected"] = chosen
    return catalog


def rows_of(output: str) -> int:
    """Return how many records a tap printed."""
    return sum('"RECORD"' in line for line in output.splitlines())
