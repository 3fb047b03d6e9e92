"""The page Pitfalls: before a look, after it, and who may look."""

from __future__ import annotations

from connector.records import Role
from connector.services.pitfalls.checks import PITFALLS
from tests.unit.web.site import Site


def test_all_pitfalls_are_listed_with_their_bounds_and_looked_at_when_asked(fresh: Site) -> None:
    owner = fresh.signed_in()
    page = owner.get("/pitfalls").text
    assert "Nobody has looked yet" in page
    for pitfall in PITFALLS:
        assert f'id="{pitfall.key}"' in page
    owner.press("/pitfalls", "/pitfalls/look")
    page = owner.get("/pitfalls").text
    assert "Looked at all of them." in page
    assert "Nobody has looked yet" not in page
    viewer = fresh.as_a(Role.VIEWER, fresh.tenant_of("101"))
    assert "/pitfalls/look" not in viewer.get("/pitfalls").text
