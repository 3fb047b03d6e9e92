"""Where tokens may go."""

from __future__ import annotations

import pytest

from connector.adapters.hosts import require_base, trusted
from connector.errors import SettingsError

PATTERNS = (r"api\.crm\.example", r"app(-[a-z]{2}\d)?\.crm\.example")


@pytest.mark.parametrize(
    "url", ["https://api.crm.example", "https://app-eu1.crm.example", "http://127.0.0.1:8400", "http://sandbox:8400"]
)
def test_the_vendor_and_a_local_sandbox_are_taken(url: str) -> None:
    """Https on the vendor's hosts, or a sandbox on this machine or a private network."""
    assert require_base("The address", url, PATTERNS) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.crm.example",
        "https://api.crm.example.evil.example",
        "https://evil.example",
        "https://api.crm.example@evil.example",
        "https://user@api.crm.example",
        "https://8.8.8.8",
        "ftp://127.0.0.1",
        "",
    ],
)
def test_a_setting_that_would_send_tokens_elsewhere_is_refused(url: str) -> None:
    """The sentence names the setting."""
    with pytest.raises(SettingsError, match="The address"):
        require_base("The address", url, PATTERNS)


def test_a_reply_may_name_another_host_of_the_vendor_only() -> None:
    """In production a reply may move us between the vendor's hosts, and to no other."""
    base = "https://api.crm.example"
    assert trusted("https://app-eu1.crm.example/path", base=base, patterns=PATTERNS)
    assert not trusted("https://evil.example", base=base, patterns=PATTERNS)
    assert not trusted("http://127.0.0.1:8400", base=base, patterns=PATTERNS)


def test_in_a_sandbox_a_reply_may_name_the_sandbox_alone() -> None:
    """A sandbox's reply can't send a token to the real vendor or to another port."""
    base = "http://127.0.0.1:8400"
    assert trusted("http://127.0.0.1:8400/x", base=base, patterns=PATTERNS)
    assert not trusted("http://127.0.0.1:8401", base=base, patterns=PATTERNS)
    assert not trusted("https://api.crm.example", base=base, patterns=PATTERNS)
