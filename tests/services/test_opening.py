"""Accounts that a vendor's limits count together share one lane."""

from __future__ import annotations

from dataclasses import replace

from connector.adapters.contract import Capabilities, Lane
from connector.services.opening import open_adapter
from connector.store.session import Store
from tests.fakecrm import FakeApp
from tests.world import OpenLane, World, small_account, world


def _lanes(store: Store, *users: str | None) -> list[str]:
    """Install an account for each user and return by what each account's lane is known."""
    known: list[str] = []

    def lane(vendor: str, counted: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        known.append(counted)
        return OpenLane()

    made = world(store)
    accounts = {}
    for number, user in enumerate(users):
        crm = small_account(people=0)
        crm.account = replace(crm.account, account_id=str(number), limited_as=user)
        accounts[f"code-{number}"] = crm
    services = replace(made.services, apps={"fakecrm": FakeApp(accounts)}, lane=lane)
    line = World(services, made.clock, made.crm)
    for number in range(len(users)):
        open_adapter(services, line.install(f"code-{number}").connection_id)
    return known


def test_two_accounts_of_one_user_share_a_lane(store: Store) -> None:
    """The vendor gives that user no more because they have two."""
    first, second, other = _lanes(store, "login 7", "login 7", "login 8")
    assert first == second != other


def test_an_account_has_a_lane_of_its_own_where_the_vendor_counts_accounts(store: Store) -> None:
    """Nothing is shared by those who need not share."""
    assert _lanes(store, None, None) == ["0", "1"]


def test_a_reinstallation_by_somebody_else_counts_for_them(store: Store) -> None:
    """The tokens are theirs now."""
    made = world(store)
    connection = made.install().connection_id
    made.crm.account = replace(made.crm.account, limited_as="login 8")
    known: list[str] = []

    def lane(vendor: str, counted: str, capabilities: Capabilities, *, realtime: bool) -> Lane:
        known.append(counted)
        return OpenLane()

    made.install()
    open_adapter(replace(made.services, lane=lane), connection)
    assert known == ["login 8"]
