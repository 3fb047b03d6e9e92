"""The Mailchimp sandbox's own controls under ``/_sandbox``."""

from __future__ import annotations

import pytest

from tests.unit.sandbox.mailchimp.conftest import Starter
from tests.unit.sandbox.mailchimp.visitor import Visitor


@pytest.fixture
def fresh(started: Starter) -> Visitor:
    """An installed visitor of an empty account."""
    return Visitor(started()).install()


def test_a_user_s_day(fresh: Visitor) -> None:
    """A contact is made, changed, mailed, sells, and is shown without a token."""
    base = f"/accounts/{fresh.account_id}/contacts"
    made = fresh.admin(base, {"properties": {"email": "lead@example.com", "FNAME": "Lea"}})
    assert made.status_code == 201
    one = f"{base}/{made.json()['id']}"
    assert fresh.admin(one, {"properties": {"FNAME": "Leah", "email": "leah@example.com"}}).status_code == 204
    for kind in ("email_sent", "email_open", "email_click", "order", "deal_won"):
        assert fresh.admin(f"{one}/events", {"kind": kind, "amount": "10.50"}).status_code == 201
    shown = fresh.session.get(f"{fresh.origin}/_sandbox{one}").json()
    assert shown["properties"]["FNAME"] == "Leah"
    assert shown["member"]["stats"]["ecommerce_data"] == {
        "total_revenue": 21.0,
        "number_of_orders": 2,
        "currency_code": "EUR",
    }
    assert shown["member"]["stats"]["avg_click_rate"] == 1.0
    assert fresh.admin(f"{one}/events", {"kind": "dance"}).status_code == 400
    assert fresh.admin(f"{one}/archive").status_code == 204
    assert fresh.get(f"/lists/{fresh.main}/members/{made.json()['id']}")["status"] == "archived"
    assert fresh.admin(f"{one}/restore").status_code == 204
    assert fresh.get(f"/lists/{fresh.main}/members/{made.json()['id']}")["status"] == "subscribed"
    assert fresh.admin(f"{one}/gdpr-delete").status_code == 204
    assert fresh.admin(one, {"properties": {}}).status_code == 404


@pytest.mark.parametrize(("kind", "status"), [("email_bounce", "cleaned"), ("unsubscribe", "unsubscribed")])
def test_what_ends_a_subscription(fresh: Visitor, kind: str, status: str) -> None:
    """A bounce and an opt-out."""
    base = f"/accounts/{fresh.account_id}/contacts"
    key = fresh.admin(base, {"properties": {"email": "ends@example.com"}}).json()["id"]
    assert fresh.admin(f"{base}/{key}/events", {"kind": kind}).status_code == 201
    assert fresh.get(f"/lists/{fresh.main}/members/{key}")["status"] == status


def test_health_counts_what_is_there(fresh: Visitor) -> None:
    """Per account."""
    fresh.add("counted@example.com")
    told = fresh.session.get(f"{fresh.origin}/_sandbox/health").json()
    assert told["accounts"][fresh.account_id] == {"contacts": 1, "audiences": 2, "campaigns": 0, "orders": 0}


def test_redirect_addresses_can_be_set(fresh: Visitor) -> None:
    """For an app whose port is found at its start."""
    assert fresh.admin("/app", {"redirect_uris": ["http://127.0.0.1:5000/oauth/mailchimp/callback"]}).status_code == 204
    assert fresh.consent().status_code == 400
    assert fresh.consent(redirect_uri="http://127.0.0.1:5000/oauth/mailchimp/callback").status_code == 200


def test_another_account_is_not_known(fresh: Visitor) -> None:
    """404, whatever is asked."""
    assert fresh.admin("/accounts/other/uninstall").status_code == 404
    assert fresh.admin("/accounts/other/contacts", {"properties": {"email": "x@example.com"}}).status_code == 404


def test_faults_are_set_by_body(fresh: Visitor) -> None:
    """And unreadable ones refused."""
    fault = {"kind": "empty_error", "status": 403}
    assert fresh.admin("/faults", {"faults": [fault]}).json() == {"faults": 1}
    assert fresh.call("GET", "/ping").status_code == 403
    assert fresh.admin("/faults", {"faults": [{"kind": "mood"}]}).status_code == 400
