"""The pool of connections to Mailchimp."""

from __future__ import annotations

from pathlib import Path

import certifi
import pytest
from urllib3 import HTTPSConnectionPool

from connector.adapters.mailchimp.calls import root
from connector.adapters.mailchimp.errors import Refusal
from connector.adapters.mailchimp.transport import Pool, perform


def test_a_proxy_of_the_environment_is_taken_and_looked_up_once_for_each_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request to a host goes the same way; another host may stand on the list of those without a proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "us7.api.mailchimp.com")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/own.pem")
    with Pool() as pool:

        def way(host: str) -> tuple[str | None, str, str]:
            found = pool.way(f"https://{host}")
            connections = found.connections
            assert isinstance(connections, HTTPSConnectionPool)
            return connections.proxy and str(connections.proxy), str(connections.ca_certs), found.prefix

        there = ("http://proxy.example.com:3128", "/etc/own.pem", "/3.0")
        assert way("us1.api.mailchimp.com") == there
        assert way("us7.api.mailchimp.com") == (None, "/etc/own.pem", "/3.0")
        monkeypatch.delenv("HTTPS_PROXY")
        assert way("us1.api.mailchimp.com") == there
        for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            monkeypatch.delenv(name, raising=False)
        assert way("us2.api.mailchimp.com") == (None, certifi.where(), "/3.0")


def test_answers_may_be_packed_and_no_netrc_takes_the_tokens_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Reports are large texts. Whoever runs the server may have a .netrc for other purposes."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine us1.api.mailchimp.com login someone password else")
    monkeypatch.setenv("NETRC", str(netrc))
    with Pool() as pool:
        headers = pool.way("https://us1.api.mailchimp.com").headers
    assert "gzip" in headers["Accept-Encoding"]
    assert headers["Accept"] == "application/json"
    assert "Authorization" not in headers


def test_a_token_that_can_not_stand_in_a_header_is_a_trouble_and_no_crash() -> None:
    """It comes from an answer; nothing is sent."""
    with Pool() as pool:
        found = perform(pool, "http://127.0.0.1:1", "account", root.get_root(), "two\nlines")
    assert isinstance(found, Refusal)
    assert found.status == 0
