"""The page Webhooks: an address, its secret once, what failed, and buttons that do what they say."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from connector.adapters.receivers import Message, Receivers, headers_of
from connector.app import create_app
from connector.records import Role
from connector.services.webhooks_out import delivering, endpoints
from tests.services.webhooks_out.receiver import listening
from tests.unit.web.site import Site, settings
from tests.world import NOW

PAGE = "/settings/webhooks"


def test_the_signature_is_the_one_that_the_scheme_publishes() -> None:
    """The example that libraries of Standard Webhooks are tested with."""
    message = Message(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", NOW.fromtimestamp(1614265330, NOW.tzinfo), b'{"test": 2432232314}'
    )
    assert headers_of(message, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]) == {
        "Content-Type": "application/json",
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_an_address_from_its_secret_to_its_removal(fresh: Site) -> None:
    """What is sent fails, is given up with a word, and is sent again."""
    with listening() as receiver:
        fresh.world.services = replace(fresh.world.services, receivers=Receivers([receiver.origin]))
        fresh.app = create_app(fresh.world.services, settings())
        browser = fresh.signed_in()
        answer = browser.press(PAGE, PAGE, url=f"{receiver.origin}/<b>")
        assert "/&lt;b&gt;" in answer.text
        answer = browser.press(PAGE, PAGE, url=f"{receiver.origin}/hook")
        (secret,) = re.findall(r"whsec_[\w+/=]{44}", answer.text)
        assert answer.headers["Cache-Control"] == "no-store"
        page = browser.get(PAGE).text
        assert secret not in page
        assert "nothing taken yet" in page
        found = endpoints.overview(fresh.world.services, fresh.tenant_of("101")).endpoints
        (endpoint,) = (item for item in found if item.url.endswith("/hook"))
        mine = f"{PAGE}/{endpoint.id}"
        receiver.always = 400
        assert browser.press(PAGE, f"{mine}/test").status_code == 302
        for _ in range(13):
            delivering.carry_out(fresh.world.services, endpoint.id)
            fresh.world.clock.sleep(21_600)
        browser = fresh.signed_in()  # three days later
        assert "The receiver answered 400." in browser.get(PAGE).text
        receiver.always = 204
        browser.press(PAGE, f"{mine}/resume")
        assert "1 messages are sent again" in browser.get(browser.press(PAGE, f"{mine}/replay").location).text
        assert delivering.carry_out(fresh.world.services, endpoint.id) == 1
        assert receiver.got[-1].is_signed_with(secret)
        assert "last taken" in browser.get(PAGE).text
        browser.press(PAGE, f"{mine}/pause")
        assert f"{mine}/resume" in browser.get(PAGE).text
        assert secret not in (renewed := browser.press(PAGE, f"{mine}/secret")).text
        assert "whsec_" in renewed.text
        assert "signs as well for 24 hours" in renewed.text
        assert "The secret before signs as well until" in browser.get(PAGE).text
        browser.press(PAGE, f"{mine}/former-secret/end")
        assert f"{mine}/former-secret" not in browser.get(PAGE).text
        browser.press(PAGE, f"{mine}/remove")
        assert mine not in browser.get(PAGE).text


@pytest.mark.parametrize("url", ["", "http://hooks.example.com/", "https://10.0.0.1/", "https://a@b.example.com/"])
def test_what_is_no_address_is_refused_in_a_sentence(fresh: Site, url: str) -> None:
    """Nothing is stored."""
    browser = fresh.signed_in()
    assert browser.press(PAGE, PAGE, url=url).status_code == 302
    text = browser.get(PAGE).text
    assert any(words in text for words in ("no plain web address", "begin with https", "private network"))
    assert endpoints.overview(fresh.world.services, fresh.tenant_of("101")).endpoints == []


def test_it_takes_an_admin(fresh: Site) -> None:
    """An analyst sees neither the page nor where it is."""
    fresh.signed_in()
    browser = fresh.as_a(Role.ANALYST, fresh.tenant_of("101"))
    assert browser.get(PAGE).status_code == 403
    assert PAGE not in browser.get("/leads").text
