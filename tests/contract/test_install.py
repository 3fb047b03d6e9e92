"""Installation, refresh and uninstallation, for every vendor."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from connector.errors import Disconnected, NeedsAdmin, RejectedInput, RetryLater
from tests.contract.world import Trouble, VendorWorld


def test_the_consent_page_is_asked_for_every_scope_and_gets_the_state(world: VendorWorld) -> None:
    """What is declared is what is asked for; the state comes back untouched."""
    app = world.app()
    url = app.authorize_url("a state & more", "v" * 64)
    asked = " ".join(value for values in parse_qs(urlsplit(url).query).values() for value in values)
    assert all(scope in asked for scope in app.capabilities.scopes)
    assert world.consent(url)[1] == "a state & more"


def test_an_installation_gives_the_account_and_tokens_that_work(world: VendorWorld) -> None:
    """The account that the grant names is the one that the connection reaches."""
    grant = world.install()
    assert set(world.app().capabilities.scopes) <= set(grant.tokens.scopes)
    assert grant.tokens.expires_at is None or grant.tokens.expires_at > world.clock.now()
    assert world.connect(grant).account().account_id == grant.account.account_id
    assert world.installed()


def test_a_grant_names_the_user_who_gave_it(world: VendorWorld) -> None:
    """By it the same person is known at the next sign-in: an id, the same each time, no name or address."""
    first, second = world.install(), world.install()
    assert first.user_id
    assert first.user_id == second.user_id
    assert "@" not in first.user_id


def test_a_made_up_code_is_refused(world: VendorWorld) -> None:
    """A forged callback installs nothing."""
    with pytest.raises(RejectedInput):
        world.app().exchange_code("made-up", "v" * 64, world.clock.now())
    assert not world.installed()


def test_a_code_is_good_once(world: VendorWorld) -> None:
    """A replayed callback is refused."""
    code, _ = world.consent(world.app().authorize_url("s", "v" * 64))
    world.app().exchange_code(code, "v" * 64, world.clock.now())
    with pytest.raises(RejectedInput):
        world.app().exchange_code(code, "v" * 64, world.clock.now())


def test_a_code_is_bound_to_its_redirect_address(world: VendorWorld) -> None:
    """Another address than the one that the code was sent to is refused."""
    code, _ = world.consent(world.app().authorize_url("s", "v" * 64))
    elsewhere = world.app(redirect_uri="http://localhost/elsewhere")
    with pytest.raises((RejectedInput, NeedsAdmin)):
        elsewhere.exchange_code(code, "v" * 64, world.clock.now())


def test_a_wrong_secret_is_the_operators_to_mend(world: VendorWorld) -> None:
    """Neither the admin nor the account is at fault, and the account is not called disconnected."""
    code, _ = world.consent(world.app().authorize_url("s", "v" * 64))
    wrong = world.app(client_secret="wrong")
    with pytest.raises(NeedsAdmin, match="operator") as refused:
        wrong.exchange_code(code, "v" * 64, world.clock.now())
    assert not isinstance(refused.value, Disconnected)


def test_a_refresh_gives_tokens_that_work(world: VendorWorld) -> None:
    """A fresh token opens the account, and its end is counted from now."""
    grant = world.install()
    if not world.app().capabilities.refresh_tokens:
        assert grant.tokens.refresh_token is None
        assert grant.tokens.expires_at is None
        assert world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin) == grant.tokens
        return
    world.clock.sleep(60)
    fresh = world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)
    assert fresh.refresh_token
    assert fresh.scopes
    assert fresh.expires_at is None or fresh.expires_at - world.clock.now() > timedelta(minutes=5)
    again = world.app().refresh(fresh, world.clock.now(), grant.account.api_origin)
    assert again.access_token != grant.tokens.access_token


def test_an_expired_token_is_refreshed_once_and_the_call_goes_on(world: VendorWorld) -> None:
    """The vendor's refusal of a token is not the end of a sync; one that never expires is good after years."""
    adapter = world.connect()
    if world.app().capabilities.refresh_tokens:
        world.expire_tokens()
    else:
        world.clock.sleep(5 * 366 * 86_400)
    assert adapter.account().account_id


def test_a_revoked_grant_disconnects(world: VendorWorld) -> None:
    """Calls and refreshes both say that the account took its permission back."""
    grant = world.install()
    adapter = world.connect(grant)
    world.revoke()
    with pytest.raises(Disconnected):
        adapter.account()
    with pytest.raises(Disconnected):
        world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)


@pytest.mark.parametrize("trouble", [Trouble.GATEWAY_PAGE, Trouble.SERVER_ERROR, Trouble.DROPPED, Trouble.TRUNCATED])
def test_trouble_at_a_refresh_never_disconnects(world: VendorWorld, trouble: Trouble) -> None:
    """A passing trouble of the token endpoint is retried later, whatever its form."""
    grant = world.install()
    world.fail(trouble, 1)
    with pytest.raises(RetryLater):
        world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin)
    assert world.app().refresh(grant.tokens, world.clock.now(), grant.account.api_origin).access_token


def test_disconnecting_uninstalls_the_app(world: VendorWorld) -> None:
    """The vendor forgets us too, or, where it has no way for that, at least pushes nothing any more."""
    grant = world.install()
    if not world.revocable:
        world.connect(grant).subscribe()
        assert world.pushes()
    world.connect(grant).disconnect()
    assert not world.pushes()
    if not world.revocable:
        return
    assert not world.installed()
    with pytest.raises(Disconnected):
        world.connect(grant).account()
