"""What an adapter declares works; what it does not declare is refused by name, by every vendor."""

from __future__ import annotations

import pytest

from connector.errors import NotSupported, RejectedInput
from tests.contract.world import VendorWorld


def test_a_quick_look_is_offered_or_refused_by_name(world: VendorWorld) -> None:
    """A look that nobody declared is not taken for one that saw nothing."""
    adapter = world.connect()
    if world.app().capabilities.look_seconds is not None:
        assert adapter.changed_since(world.clock.now()) in (True, False)
        return
    with pytest.raises(NotSupported, match="a quick look at changes"):
        adapter.changed_since(world.clock.now())


def test_a_place_to_sign_in_is_declared_or_refused(world: VendorWorld) -> None:
    """Each declared place has a consent page; any other is refused before a browser is sent there."""
    declared = world.app().capabilities.logins
    for login in declared:
        assert world.app().authorize_url("state-1", "v" * 64, login).startswith("http")
    if declared:
        with pytest.raises(RejectedInput):
            world.app().authorize_url("state-1", "v" * 64, "https://evil.example.com")
