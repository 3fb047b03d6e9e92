"""The contract itself: what a vendor does not declare is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.adapters.contract import Access, Capabilities, CrmAdapter, CrmApp, Delivery
from connector.errors import NotSupported
from connector.records import Grant, Tokens


class QuietApp(CrmApp):
    """A vendor that can do nothing beyond the least."""

    name = "quietcrm"
    capabilities = Capabilities("Quiet CRM", (), 1, False, False, False, False, {}, {})

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        return ""

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        raise NotImplementedError

    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        raise NotImplementedError

    def connect(self, access: Access) -> CrmAdapter:
        raise NotImplementedError


def test_undeclared_webhooks_are_refused_by_name() -> None:
    """A route that calls them gets a sentence with the vendor, not silence."""
    app = QuietApp()
    delivery = Delivery("POST", "", {}, b"")
    with pytest.raises(NotSupported, match="webhook delivery is not supported by quietcrm"):
        app.verify_webhook(delivery, datetime.now(UTC))
    with pytest.raises(NotSupported, match="webhook delivery is not supported by quietcrm"):
        app.parse_webhook(delivery)
