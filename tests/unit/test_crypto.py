"""Tokens at rest open for their owner alone."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.crypto import TokenCipher, keyed_hash, new_key
from connector.errors import CorruptSecret

OWNER = {"tenant_id": "t1", "connection_id": "c1"}
OLD, NEW = new_key(), new_key()


@given(st.text())
def test_what_is_sealed_opens_unchanged(text: str) -> None:
    """For any text, and never twice the same sealed form."""
    cipher = TokenCipher([NEW])
    sealed = cipher.encrypt(text, **OWNER)
    assert cipher.decrypt(sealed, **OWNER) == text
    assert sealed != cipher.encrypt(text, **OWNER)


@pytest.mark.parametrize("other", [{"tenant_id": "t2"}, {"connection_id": "c2"}])
def test_another_owner_can_not_open_it(other: dict[str, str]) -> None:
    """A token copied to another row is unreadable there."""
    cipher = TokenCipher([NEW])
    with pytest.raises(CorruptSecret):
        cipher.decrypt(cipher.encrypt("token", **OWNER), **{**OWNER, **other})


@given(st.integers(min_value=0, max_value=10_000))
def test_any_flipped_bit_is_noticed(position: int) -> None:
    """Damage is an error, never another text."""
    cipher = TokenCipher([NEW])
    head, _, body = cipher.encrypt("a token of some length", **OWNER).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[position % len(raw)] ^= 1 << (position % 8)
    with pytest.raises(CorruptSecret):
        cipher.decrypt(f"{head}.{base64.urlsafe_b64encode(bytes(raw)).decode()}", **OWNER)


def test_older_keys_still_open_and_ask_for_rotation() -> None:
    """The newest key seals; what an older one sealed is told apart."""
    old = TokenCipher([OLD]).encrypt("token", **OWNER)
    both = TokenCipher([NEW, OLD])
    assert both.decrypt(old, **OWNER) == "token"
    assert both.needs_rotation(old)
    assert not both.needs_rotation(both.encrypt("token", **OWNER))


def test_a_missing_key_is_named_as_such() -> None:
    """The operator learns which setting to mend, and nothing of the secret."""
    sealed = TokenCipher([OLD]).encrypt("canary", **OWNER)
    with pytest.raises(CorruptSecret, match="CONNECTOR_ENCRYPTION_KEYS") as caught:
        TokenCipher([NEW]).decrypt(sealed, **OWNER)
    assert "canary" not in str(caught.value)


def test_a_keyed_hash_needs_its_key() -> None:
    """The same text under another key is another hash."""
    assert keyed_hash(OLD, "x") == keyed_hash(OLD, "x") != keyed_hash(NEW, "x")
