"""The vendor's SDK as a description of requests.

The SDK (``mailchimp-marketing`` 3.0.80) knows every path and parameter, and refuses what the API
does not have. Sending is not taken from it: it opens a connection for every call, retries nothing,
returns an empty 429 or 403 as if it were an answer, and puts the data centre's name wherever a path
holds the word "server". So its endpoint methods run here on a client that sends nothing and returns
the request; the session sends it, or a batch job carries it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from mailchimp_marketing import ApiClient
from mailchimp_marketing.api.automations_api import AutomationsApi
from mailchimp_marketing.api.batches_api import BatchesApi
from mailchimp_marketing.api.campaigns_api import CampaignsApi
from mailchimp_marketing.api.customer_journeys_api import CustomerJourneysApi
from mailchimp_marketing.api.ecommerce_api import EcommerceApi
from mailchimp_marketing.api.lists_api import ListsApi
from mailchimp_marketing.api.reports_api import ReportsApi
from mailchimp_marketing.api.root_api import RootApi

PAGE = 1000
"""Rows that Mailchimp gives at most; it gives ten unless asked."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request: ``path`` below ``/3.0``, encoded; ``query`` with the spellings that Mailchimp takes."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None

    @property
    def writes(self) -> bool:
        """Whether it changes anything in the account."""
        return self.method != "GET"


class _Describing(ApiClient):  # type: ignore[misc] # the SDK has no types
    """Returns the :class:`Call` that the SDK's own client would have sent."""

    def call_api(
        self,
        resource_path: str,
        method: str,
        path_params: Mapping[str, str] | None = None,
        query_params: Sequence[tuple[str, object]] = (),
        header_params: object = None,
        body: Any = None,
        **_: object,
    ) -> Call:
        """Return the request instead of sending it."""
        for name, value in (path_params or {}).items():
            resource_path = resource_path.replace(f"{{{name}}}", quote(str(value), safe=""))
        query = {name: _spelled(value) for name, value in query_params if value is not None}
        return Call(method, resource_path, query, body)


def _spelled(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value)


_CLIENT = _Describing()
root = RootApi(_CLIENT)
lists = ListsApi(_CLIENT)
campaigns = CampaignsApi(_CLIENT)
reports = ReportsApi(_CLIENT)
ecommerce = EcommerceApi(_CLIENT)
automations = AutomationsApi(_CLIENT)
batches = BatchesApi(_CLIENT)
journeys = CustomerJourneysApi(_CLIENT)
