"""Where tokens may go."""

from __future__ import annotations

import pytest

from connector.adapters.hosts import origin_of, require_base, trusted
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
        "http://134744072",
        "http://0x08080808",
        "http://127.0.0.1:99999",
        "http://[::1",
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
    assert trusted("HTTPS://API.crm.example:443", base=base, patterns=PATTERNS)
    assert not trusted("https://evil.example", base=base, patterns=PATTERNS)
    assert not trusted("http://127.0.0.1:8400", base=base, patterns=PATTERNS)


def test_in_a_sandbox_a_reply_may_name_the_sandbox_alone() -> None:
    """A sandbox's reply can't send a token to the real vendor or to another port."""
    base = "http://127.0.0.1:8400"
    assert trusted("http://127.0.0.1:8400/x", base=base, patterns=PATTERNS)
    assert not trusted("http://127.0.0.1:8401", base=base, patterns=PATTERNS)
    assert not trusted("https://api.crm.example", base=base, patterns=PATTERNS)


@pytest.mark.parametrize("base", ["https://api.crm.example", "http://127.0.0.1:8400"])
@pytest.mark.parametrize(
    "told",
    [
        "",
        "//",
        "//{host}",
        "{host}",
        "{scheme}:{host}",
        "{scheme}:/{host}",
        "{scheme}:///{host}",
        "{scheme}://",
        "{scheme}://{host}.",
        "{scheme}://{host}:x",
        "{scheme}://{host}:99999",
        "{scheme}://{host}:0",
        "{scheme}://{host}:8443",
        "{scheme}://user@{host}",
        "{scheme}://user:secret@{host}",
        "{scheme}://@{host}",
        "{scheme}://{host}@evil.example",
        "{scheme}://{host}\\@evil.example",
        "{scheme}://evil.example\\@{host}",
        "{scheme}://evil.example#@{host}",
        "{scheme}://evil.example?@{host}",
        "{scheme}://evil.example/@{host}",
        "{scheme}://{host}.evil.example",
        "{scheme}://evil.example.{host}",
        "{scheme}://{host}%2eevil.example",
        "{scheme}://{host}%00.evil.example",
        "{scheme}://{host}\n.evil.example",
        " {scheme}://{host}",
        "{scheme}://{host}\n",
        "{scheme}://{host}\t",
        "{scheme}\t://{host}",
        "{scheme}://[",
        "{scheme}://[::1",
        "{scheme}://[::ffff:127.0.0.1]",
        "{scheme}://10.0.0.1",
        "{scheme}://127.1",
        "{scheme}://2130706433",
        "{scheme}://0x7f000001",
        "{scheme}://localhost",
        "{scheme}://арі.crm.example",
        "{scheme}://ａpi.crm.example",
        "{scheme}://api。crm.example",
        "{scheme}://api．crm.example",
        "{scheme}://api.crm.example\u200b",
        "{scheme}://１27.0.0.1:8400",
        "ws://{host}",
        "javascript://{host}",
        "file://{host}/etc",
    ],
)
def test_no_trick_of_spelling_passes_for_the_vendor_or_the_sandbox(base: str, told: str) -> None:
    """Users, ports, dots, look-alikes, addresses in numbers: refused, and never an unexpected error."""
    scheme, _, host = base.partition("://")
    assert not trusted(told.format(scheme=scheme, host=host), base=base, patterns=PATTERNS)


def test_an_origin_is_what_two_spellings_of_an_address_share() -> None:
    """Case, a path and the scheme's own port make no difference."""
    assert origin_of("HTTPS://Api.CRM.example:443/3.0?x#y") == "https://api.crm.example"
    assert origin_of("http://127.0.0.1:8400/") == "http://127.0.0.1:8400"
    with pytest.raises(ValueError, match="address"):
        origin_of("http://user@127.0.0.1:8400")
