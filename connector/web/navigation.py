"""Where the pages are: five groups, and the pages of the one that is open below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from connector.records import Role
from connector.services.access.permissions import Permission, allows


@dataclass(frozen=True, slots=True)
class Entry:
    """A page of the navigation; ``also`` are blueprints whose pages belong to it."""

    label: str
    endpoint: str
    permission: Permission = Permission.SEE
    also: tuple[str, ...] = ()

    @property
    def here(self) -> bool:
        """Whether it is what is open."""
        return request.blueprint in (self.endpoint.partition(".")[0], *self.also)


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together."""

    label: str
    entries: Sequence[Entry]

    @property
    def here(self) -> bool:
        """Whether one of its pages is open."""
        return any(entry.here for entry in self.entries)


GROUPS = (
    Group(
        "Leads",
        (
            Entry("Leads", "lead_list.index", also=("leads", "privacy")),
            Entry("Companies", "companies.index"),
            Entry("People", "people.index"),
            Entry("Feedback", "feedback.index"),
        ),
    ),
    Group(
        "Model",
        (
            Entry("Model", "model.show"),
            Entry("Versions", "versions.show"),
            Entry("Drift", "drift.show"),
            Entry("Pitfalls", "pitfalls.show"),
            Entry("Fields", "fields.index"),
        ),
    ),
    Group(
        "Results",
        (
            Entry("KPIs", "kpis.index"),
            Entry("Objectives", "objectives.show"),
            Entry("Capacity", "capacity.show"),
            Entry("Channels", "channels.show"),
            Entry("Forecasts", "forecasts.show"),
            Entry("Experiments", "experiments.show"),
            Entry("Reports", "reports.index"),
        ),
    ),
    Group(
        "Accounts",
        (
            Entry("Connection", "connect.account", also=("connections",)),
            Entry("Sync health", "sync.index"),
            Entry("Readiness", "readiness.show"),
            Entry("Goal", "goal.show"),
            Entry("Look back", "lookback.show"),
            Entry("Publication", "publication.show"),
            Entry("Tracking", "tracking.index", Permission.TRACK),
            Entry("Enrichment", "enrichment.index", Permission.ENRICH),
        ),
    ),
    Group(
        "Settings",
        (
            Entry("Settings", "settings.index"),
            Entry("Users", "access.index", Permission.ADMIT),
            Entry("API keys", "api_keys.index", Permission.PROGRAM),
            Entry("Webhooks", "webhooks_out.index", Permission.PROGRAM),
            Entry("Digest", "digest.index", Permission.TELL),
            Entry("Audit", "audit.index", Permission.AUDIT),
        ),
    ),
)


def navigation(role: Role) -> Sequence[Group]:
    """Return the groups with the pages that somebody of this role may see."""
    found = [Group(group.label, [one for one in group.entries if allows(role, one.permission)]) for group in GROUPS]
    return [group for group in found if group.entries]
