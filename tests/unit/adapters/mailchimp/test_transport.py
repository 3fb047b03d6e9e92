"""The pool of connections to Mailchimp."""

from __future__ import annotations

import pytest

from connector.adapters.mailchimp.transport import Pool


def test_a_proxy_of_the_environment_is_taken_and_looked_up_once_for_each_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request to a host goes the same way; another host may stand on the list of those without a proxy."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example.com:3128")
    monkeypatch.setenv("NO_PROXY", "us7.api.mailchimp.com")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/own.pem")
    with Pool() as pool:

        def settings(host: str) -> tuple[object, object]:
            found = pool.merge_environment_settings(f"https://{host}/3.0/lists?count=1", {}, None, None, None)
            return found["proxies"].get("https"), found["verify"]

        there = ("http://proxy.example.com:3128", "/etc/own.pem")
        assert settings("us1.api.mailchimp.com") == there
        assert settings("us7.api.mailchimp.com") == (None, "/etc/own.pem")
        monkeypatch.delenv("HTTPS_PROXY")
        assert settings("us1.api.mailchimp.com") == there
        assert settings("us2.api.mailchimp.com") == (None, "/etc/own.pem")
