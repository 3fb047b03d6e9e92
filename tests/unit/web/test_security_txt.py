"""Whoever finds a weakness is told whom to write to, where the operator says so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.app import create_app
from connector.errors import SettingsError
from connector.settings import load
from tests.unit.web.site import PUBLIC_URL, Site, settings

PATH = "/.well-known/security.txt"
MINIMUM = {"CONNECTOR_SECRET_KEY": "only-for-tests-" * 4, "CONNECTOR_SECURITY_CONTACT": "mailto:security@example.com"}


def test_without_a_contact_there_is_no_such_file(fresh: Site) -> None:
    assert fresh.browser().get(PATH).status_code == 404


def test_it_names_contact_expiry_and_policy(fresh: Site) -> None:
    """One field a line, as RFC 9116 has it, to everybody."""
    given = {
        "CONNECTOR_SECRET_KEY": settings().secret_keys[0],
        "CONNECTOR_ENCRYPTION_KEYS": ",".join(settings().encryption_keys),
        "CONNECTOR_SECURITY_CONTACT": "mailto:security@example.com",
        "CONNECTOR_SECURITY_EXPIRES": "2027-01-31",
        "CONNECTOR_SECURITY_POLICY": "https://example.com/weaknesses",
    }
    told = replace(settings(), security=load(given).security)
    answer = create_app(fresh.world.services, told).test_client().get(PATH, base_url=PUBLIC_URL)
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.text.splitlines() == [
        "Contact: mailto:security@example.com",
        "Expires: 2027-01-31T00:00:00Z",
        "Policy: https://example.com/weaknesses",
        f"Canonical: {PUBLIC_URL}{PATH}",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CONNECTOR_SECURITY_CONTACT", "security@example.com"),
        ("CONNECTOR_SECURITY_CONTACT", "https://example.com/x\nExpires: never"),
        ("CONNECTOR_SECURITY_EXPIRES", "soon"),
        ("CONNECTOR_SECURITY_POLICY", "http://example.com/"),
    ],
)
def test_what_would_be_no_such_file_stops_the_start(name: str, value: str) -> None:
    """With the name of the setting."""
    with pytest.raises(SettingsError, match=name):
        load(MINIMUM | {"CONNECTOR_SECURITY_EXPIRES": "2027-01-31"} | {name: value})


def test_a_contact_without_an_expiry_stops_the_start() -> None:
    """RFC 9116 demands it."""
    with pytest.raises(SettingsError, match="CONNECTOR_SECURITY_EXPIRES is not set"):
        load(MINIMUM)
