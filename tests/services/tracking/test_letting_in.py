"""Who may send: pages of registered origins, servers with the newest secret, and not too much of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.errors import RejectedInput, RetryLater
from connector.services.tracking import collecting, sites
from connector.services.tracking.collecting import ForeignOrigin, UnknownSite
from tests.services.tracking.visits import Visits, page


def test_too_many_requests_are_put_off(made: Visits) -> None:
    """Nothing of them is stored; pages and servers are counted apart."""
    asked: list[str] = []
    made.world.services = replace(made.world.services, admit=lambda key: asked.append(key) or 2.5)
    for send in (made.send, made.send_from_server):
        with pytest.raises(RetryLater) as refused:
            send(page(1))
        assert refused.value.after_seconds == 2.5
    assert len(set(asked)) == 2
    assert made.stored() == []


def test_only_registered_origins_and_the_newest_secret_are_let_in(made: Visits) -> None:
    """Nothing about a site is told to others."""
    services = made.world.services
    assert collecting.site_of_page(services, made.site.key, "https://www.alpha.example").id == made.site.id
    for origin in (
        None,
        "null",
        "https://evil.example.com",
        "http://www.alpha.example",
        "https://www.alpha.example.evil.org",
    ):
        with pytest.raises(ForeignOrigin):
            collecting.site_of_page(services, made.site.key, origin)
    with pytest.raises(UnknownSite):
        collecting.site_of_page(services, "0" * 16, "https://www.alpha.example")
    assert collecting.site_of_server(services, made.secret).id == made.site.id
    fresh = sites.replace_secret(services, made.tenant_id, made.site.id)
    assert fresh
    assert collecting.site_of_server(services, fresh.secret).id == made.site.id
    for wrong in (made.secret, "", made.site.secret_hash):
        with pytest.raises(UnknownSite):
            collecting.site_of_server(services, wrong)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "www.example.com",
        "http://www.example.com",
        "https://www.example.com/shop",
        "https://*.example.com",
        "https://user@www.example.com",
        "https://www.example.com?x",
        "javascript://x",
        "https://",
    ],
)
def test_what_is_no_origin_is_not_registered(origin: str) -> None:
    """The sentence says what one looks like."""
    with pytest.raises(RejectedInput, match=r"https://www\.example\.com"):
        sites.checked_origins([origin])


def test_origins_are_kept_as_browsers_write_them() -> None:
    """Small letters, no default port, each once."""
    told = ["https://WWW.Example.com/", "https://www.example.com:443", "http://localhost:8080"]
    assert sites.checked_origins(told) == ("https://www.example.com", "http://localhost:8080")
