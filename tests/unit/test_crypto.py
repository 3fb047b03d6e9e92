"""Tokens at rest open for their owner alone."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
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


IDS = st.text(alphabet='ab",[] ', max_size=6)


@given(IDS, IDS, IDS, IDS)
def test_another_owner_can_not_open_it(tenant: str, connection: str, other_tenant: str, other_connection: str) -> None:
    """A token copied to another row is unreadable there, however the ids are made."""
    assume((tenant, connection) != (other_tenant, other_connection))
    cipher = TokenCipher([NEW])
    sealed = cipher.encrypt("token", tenant_id=tenant, connection_id=connection)
    with pytest.raises(CorruptSecret):
        cipher.decrypt(sealed, tenant_id=other_tenant, connection_id=other_connection)


@pytest.mark.parametrize(("tenant", "connection"), [("t2", "c1"), ("t1", "c2"), ("c1", "t1")])
def test_the_tenant_and_the_connection_both_count(tenant: str, connection: str) -> None:
    """A token of one tenant's connection is no use to that tenant's next one either."""
    cipher = TokenCipher([NEW])
    with pytest.raises(CorruptSecret):
        cipher.decrypt(cipher.encrypt("token", **OWNER), tenant_id=tenant, connection_id=connection)


@given(st.text(max_size=40), st.data())
def test_any_flipped_bit_is_noticed(text: str, data: st.DataObject) -> None:
    """Damage is an error, never another text: in the version, the key's id, the nonce or the ciphertext."""
    cipher = TokenCipher([NEW])
    sealed = bytearray(cipher.encrypt(text, **OWNER), "ascii")
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= 1 << data.draw(st.integers(0, 6))
    with pytest.raises(CorruptSecret):
        cipher.decrypt(sealed.decode("ascii"), **OWNER)


def test_a_bit_that_decoding_ignores_is_noticed_as_well() -> None:
    """Base64's last character has spare bits; there is one sealed form of a token, not several."""
    sealed = TokenCipher([NEW]).encrypt("four", **OWNER)
    assert sealed.endswith("=")
    spare = sealed.rstrip("=")
    changed = spare[:-1] + chr(ord(spare[-1]) + 1) + "=" * (len(sealed) - len(spare))
    with pytest.raises(CorruptSecret):
        TokenCipher([NEW]).decrypt(changed, **OWNER)


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
