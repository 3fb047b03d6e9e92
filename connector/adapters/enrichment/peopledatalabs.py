"""People Data Labs: the Company Enrichment API, one company a question.

Source: docs.peopledatalabs.com (reference-company-enrichment-api, output-response-company-enrichment-api, errors,
usage-limits) and the vendor's OpenAPI document. The profile's fields stand at the top of the answer; 404 means that no
company matched, which costs nothing; a match costs a credit. Limits hold for a fixed minute, without ``Retry-After``.
The vendor does not say as of when its values are, so they count from when they were bought.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.adapters.enrichment.calls import Door, Question
from connector.adapters.enrichment.contract import STANDARD, Finding
from connector.adapters.enrichment.values import read_value
from connector.adapters.hosts import require_base
from connector.errors import RetryLater

NAME = "pdl"
ORIGIN = "https://api.peopledatalabs.com"
HOSTS = (r"api\.peopledatalabs\.com",)
PATH = "/v5/company/enrich"
LEAST_LIKELIHOOD = 6
"""Of 10. The vendor's own default is 2, at which most matches are another company."""

_PLACES = {
    "employees": ("employee_count",),
    "size": ("size",),
    "revenue_range": ("inferred_revenue",),
    "industry": ("industry",),
    "founded": ("founded",),
    "type": ("type",),
    "country": ("location", "country"),
    "continent": ("location", "continent"),
    "tags": ("tags",),
}


class PeopleDataLabs:
    """The vendor, asked with one tenant's key."""

    label = "People Data Labs"
    fields = tuple(STANDARD[name] for name in _PLACES)

    def __init__(self, door: Door, key: str, base: str = ORIGIN) -> None:
        """Ask nothing yet. Raise ``SettingsError`` where ``base`` is neither the vendor's nor a sandbox's."""
        self._door = door
        self._key = key
        self._base = require_base("CONNECTOR_ENRICHMENT_PDL_URL", base, HOSTS)

    def look_up(self, domain: str) -> Finding | None:
        """Return what the vendor knows of the company; see ``Provider.look_up``."""
        params = {"website": domain, "min_likelihood": str(LEAST_LIKELIHOOD)}
        body = self._door.ask(self.label, Question(f"{self._base}{PATH}", params, {"X-Api-Key": self._key}))
        if body is None:
            return None
        if not isinstance(body, dict):
            raise RetryLater(f"{self.label} gave an answer that is no company.", after_seconds=60.0)
        return Finding(_facts(body))


def _facts(body: Mapping[str, Any]) -> dict[str, str]:
    found = {}
    for name, place in _PLACES.items():
        raw: Any = body
        for part in place:
            raw = raw.get(part) if isinstance(raw, dict) else None
        try:
            text = read_value(STANDARD[name], raw)
        except ValueError:
            # One odd value is no reason to lose its neighbours.
            continue
        if text is not None:
            found[name] = text
    return found
