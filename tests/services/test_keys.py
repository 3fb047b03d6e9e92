"""Rotating keys under load: nothing is lost, it can be killed and begun again, and the old key is not needed after."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from uuid import UUID

import pytest

from connector.crypto import TokenCipher, new_key
from connector.records import Account, Tokens
from connector.services import ledgers, rotation
from connector.services.rotation import Rotated
from connector.services.tokens import encrypt
from connector.store import connections, tenants
from connector.store.secrets import HOLDERS
from connector.store.session import Store
from connector.store.tables import metadata
from connector.store.tenants import TenantSettings
from tests.world import NOW, World, world

OLD, NEW = new_key(), new_key()
COUNT = 7


@pytest.fixture
def sealed(store: Store) -> World:
    """Accounts of several tenants, sealed with the old key, in a process that has both."""
    made = world(store)
    made.services = replace(made.services, cipher=TokenCipher([OLD]))
    with store.transaction() as session:
        for number in range(COUNT):
            tenant = tenants.create(session, "Some", TenantSettings(), NOW)
            account = Account(str(number), "Some", "https://x", "UTC")
            crm = connections.add(session, tenant, "somecrm", account, NOW)
            tokens = encrypt(made.services, (tenant, crm), _tokens(number), 0)
            connections.save_tokens(session, crm, tokens, NOW)
            secret = made.services.cipher.encrypt(f"hook-{number}", tenant_id=str(tenant), connection_id=str(crm))
            connections.save_hook_secrets(session, crm, secret)
    made.services = replace(made.services, cipher=TokenCipher([NEW, OLD]))
    return made


def _tokens(number: object) -> Tokens:
    return Tokens(f"access-{number}", f"refresh-{number}", None, ())


def _opened(made: World, key: str) -> set[str]:
    """All secrets, by one key alone."""
    cipher = TokenCipher([key])
    with made.services.store.reading() as session:
        return {
            cipher.decrypt(each.text, tenant_id=str(each.tenant_id), connection_id=str(each.connection_id))
            for each in connections.sealed(session)
        }


EVERYTHING = {f"{kind}-{number}" for kind in ("access", "refresh", "hook") for number in range(COUNT)}


def test_the_old_key_is_not_needed_afterwards(sealed: World) -> None:
    """Each secret is what it was; a second time there is nothing to do; it is on each tenant's record."""
    told: list[int] = []
    assert rotation.left(sealed.services) == COUNT
    assert rotation.rotate(sealed.services, told.append) == Rotated(3 * COUNT)
    assert told == [0]
    assert _opened(sealed, NEW) == EVERYTHING
    assert rotation.rotate(sealed.services, told.append) == Rotated()
    assert [found.entries for _, found in ledgers.verify_all(sealed.services, {})] == [1] * COUNT


def test_what_was_killed_is_gone_on_with(sealed: World) -> None:
    """After any row; what was done stays done."""
    calm, seen = sealed.services, 0

    class Dying(TokenCipher):
        def encrypt(self, plaintext: str, *, tenant_id: str, connection_id: str) -> str:
            nonlocal seen
            seen += 1
            if seen == 8:
                raise KeyboardInterrupt
            return super().encrypt(plaintext, tenant_id=tenant_id, connection_id=connection_id)

    sealed.services = replace(calm, cipher=Dying([NEW, OLD]))
    with pytest.raises(KeyboardInterrupt):
        rotation.rotate(sealed.services)
    assert rotation.left(calm) == COUNT - 2
    assert rotation.rotate(calm) == Rotated(3 * (COUNT - 2))
    assert _opened(sealed, NEW) == EVERYTHING


def test_tokens_that_are_refreshed_meanwhile_stay_the_fresh_ones(sealed: World) -> None:
    """By a process that has not heard of the new key: what it seals is found, told, and sealed the next time."""
    services = sealed.services
    late = replace(services, cipher=TokenCipher([OLD, NEW]))
    with services.store.reading() as session:
        accounts = [(each.tenant_id, each.connection_id) for each in connections.sealed(session)]
    last: dict[UUID, int] = {}
    ended = Event()

    def refresh() -> None:
        turn = 0
        while not ended.is_set():
            turn += 1
            for tenant, crm in set(accounts):
                with services.store.transaction(tenant) as session:
                    version = connections.tokens(session, crm).version
                    fresh = encrypt(late, (tenant, crm), _tokens(f"{crm}-{turn}"), version)
                    assert connections.save_tokens(session, crm, fresh, NOW)
                last[crm] = turn

    busy = Thread(target=refresh)
    busy.start()
    try:
        for _ in range(5):
            assert rotation.rotate(services).failed == []
    finally:
        ended.set()
        busy.join()
    rotation.rotate(services)
    assert rotation.left(services) == 0
    fresh = {f"{kind}-{crm}-{turn}" for crm, turn in last.items() for kind in ("access", "refresh")}
    assert _opened(sealed, NEW) == fresh | {f"hook-{number}" for number in range(COUNT)}


def test_what_no_key_opens_is_told_and_holds_nothing_else_up(sealed: World) -> None:
    """The sentence says whose it is and what to do."""
    stranger = TokenCipher([new_key()])
    with sealed.services.store.transaction() as session:
        first = next(iter(connections.sealed(session)))
        text = stranger.encrypt("x", tenant_id=str(first.tenant_id), connection_id=str(first.connection_id))
        connections.save_hook_secrets(session, first.connection_id, text)
    done = rotation.rotate(sealed.services)
    assert (done.secrets, done.left) == (3 * (COUNT - 1), 1)
    assert f"of connection {first.connection_id} was sealed with a key that is not configured" in done.failed[0]


def test_every_column_of_secrets_is_among_those_that_are_rotated() -> None:
    """By the names that such columns bear: a new table with secrets is entered in store/secrets.py."""
    named = {
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.c
        if column.name.endswith(("_token", "_secrets", "secret", "sealed"))
    }
    assert named == {f"{holder.table.name}.{column.name}" for holder in HOLDERS for column in holder.columns}
