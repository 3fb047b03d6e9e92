"""Deliveries: who sent them, and what they hint at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.contract import Delivery
from connector.adapters.mailchimp.values import subscriber_hash
from connector.adapters.mailchimp.webhooks import parse, signature, verify
from connector.errors import RejectedInput

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
FIRED = "2026-03-02 08:59:58"


def delivery(secrets: tuple[str, ...] = (), header: str | None = None, **form: str) -> Delivery:
    """Return a delivery to one connection's address."""
    body = urlencode({"type": "profile", "fired_at": FIRED, "data[list_id]": "l1", **form}).encode()
    headers = {} if header is None else {"X-Mailchimp-Signature": header}
    return Delivery("POST", "https://x.example/hook", headers, body, "account-1", secrets)


def signed(secret: str, stamp: str = STAMP) -> Delivery:
    """Return a delivery signed with ``secret``, to hooks that sign with ``s1`` and ``s2``."""
    plain = delivery(("s1", "s2"))
    return replace(plain, headers={"X-Mailchimp-Signature": f"t={stamp},v1={signature(secret, stamp, plain.body)}"})


def test_a_delivery_by_any_of_our_hooks_is_taken() -> None:
    """Each audience's hook has a secret of its own; while one is changed a delivery bears two signatures."""
    verify(signed("s1"), NOW)
    verify(signed("s2"), NOW)
    both = signed("s2")
    header = both.headers["X-Mailchimp-Signature"]
    verify(replace(both, headers={"x-mailchimp-signature": header.replace(",", ",v1=00, ", 1)}), NOW)


def test_hooks_that_do_not_sign_are_known_by_their_address() -> None:
    """Those from before signing existed; the secret in the address has been checked."""
    verify(delivery(), NOW)


def test_a_delivery_to_nobodys_address_is_refused() -> None:
    """Without a connection nothing says whose it is."""
    with pytest.raises(RejectedInput):
        verify(replace(delivery(), account_id=None), NOW)


@pytest.mark.parametrize(
    "header",
    [None, "", "t=,v1=", f"t={STAMP}", "v1=00", f"t={STAMP},v1=00", f"t={STAMP},v1=\udcff", "t=-1,v1=00", "t=١٢,v1=00"],
)
def test_a_forged_or_broken_signature_is_refused(header: str | None) -> None:
    """Where our hooks sign, nothing unsigned is taken."""
    with pytest.raises(RejectedInput):
        verify(delivery(("s1",), header), NOW)


def test_another_secret_another_body_and_another_time_are_refused() -> None:
    """Five minutes either way, as the vendor's guide says."""
    good = signed("s1")
    for forged in (signed("s3"), replace(good, body=good.body + b" ")):
        with pytest.raises(RejectedInput):
            verify(forged, NOW)
    verify(good, NOW + timedelta(minutes=5))
    for away in (timedelta(minutes=5, seconds=1), -timedelta(minutes=5, seconds=1)):
        with pytest.raises(RejectedInput, match="five minutes"):
            verify(good, NOW + away)


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("subscribe", "data[email]"),
        ("unsubscribe", "data[email]"),
        ("profile", "data[email]"),
        ("cleaned", "data[email]"),
        ("upemail", "data[new_email]"),
    ],
)
def test_the_person_is_named_by_the_hash_of_the_address_of_now(kind: str, field: str) -> None:
    """``data[id]`` is no id of a member."""
    form = {"type": kind, field: "Ann@Example.com", "data[id]": "0a1b2c3d4e", "data[old_email]": "was@example.com"}
    (hint,) = parse(delivery(**form))
    assert (hint.account_id, hint.kind) == ("account-1", kind)
    assert hint.record_id == f"l1:{subscriber_hash('ann@example.com')}"
    assert hint.occurred_at == datetime(2026, 3, 2, 8, 59, 58, tzinfo=UTC)
    assert "ann" not in hint.dedupe_key.lower()


def test_a_campaign_and_an_unknown_kind_name_nobody() -> None:
    """They are a reason to look, not at anyone."""
    for kind in ("campaign", "something new"):
        (hint,) = parse(delivery(type=kind, **{"data[id]": "c1", "data[email]": ""}))
        assert hint.record_id is None


def test_a_delivery_that_comes_twice_has_one_key() -> None:
    """Kind, id and time tell deliveries apart: they have no id of their own."""
    keys = [
        parse(delivery(**form))[0].dedupe_key
        for form in (
            {"data[id]": "1", "data[merges][X]": "a"},
            {"data[id]": "1", "data[merges][X]": "b"},
            {"data[id]": "2"},
            {"data[id]": "1", "type": "unsubscribe"},
            {"data[id]": "1", "fired_at": "2026-03-02 08:59:59"},
        )
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4


@given(st.binary(max_size=200) | st.sampled_from([b"type=profile", b"type=profile&data[list_id]=a%2Fb", b"a=1&" * 600]))
def test_a_body_that_is_no_notice_is_refused(body: bytes) -> None:
    """Never a crash, whatever comes."""
    with pytest.raises(RejectedInput):
        parse(replace(delivery(), body=body))
