"""The registry of CRMs."""

from __future__ import annotations

import pytest

from connector.adapters.contract import AppCredentials
from connector.adapters.registry import REGISTRY, build
from connector.errors import SettingsError

CREDENTIALS = AppCredentials("id", "secret", None, None, "https://us.example/callback", "https://us.example/hook")


@pytest.mark.parametrize("name", REGISTRY)
def test_every_registered_vendor_is_built_for_production_without_addresses(name: str) -> None:
    """Only credentials are needed: a vendor's own addresses are its adapter's business."""
    app = build(name, CREDENTIALS)
    assert app.name == name
    assert app.authorize_url("state", "v" * 43).startswith("https://")


def test_an_unknown_vendor_is_named_with_the_known_ones() -> None:
    """The operator learns which names there are."""
    with pytest.raises(SettingsError, match="hubspot"):
        build("nocrm", CREDENTIALS)
