"""What people do in their CRMs while the storm goes on, and how the CRMs tell of it."""

from __future__ import annotations

import json
import random
from itertools import count

from connector.adapters.contract import Delivery
from connector.errors import RejectedInput
from tests.simulator import seams
from tests.simulator.clocks import EPOCH
from tests.simulator.crm import LONG_AGO, Account
from tests.simulator.kernel import Crash, Kernel
from tests.simulator.network import TIMEOUT
from tests.simulator.processes import Processes
from tests.simulator.quick import HOME
from tests.simulator.storm import Storm
from tests.simulator.vendor import APP_SECRET, SIGNATURE

CITIES = (HOME, "Faro")
RETRIES = (2.0, 10.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds after which a vendor pushes again what was not answered with a 2xx."""


def settle(accounts: dict[str, Account], draw: random.Random) -> None:
    """Fill the accounts: most people stand in several, some twice in one."""
    for number in range(7):
        homes = draw.sample(sorted(accounts), k=min(len(accounts), draw.choice((1, 2, 2, 3))))
        for name in homes:
            born = LONG_AGO + draw.uniform(0, 86_400)
            record = accounts[name].add(f"p{number}@firm{number % 3}.com", draw.choice(CITIES), born)
            for _ in range(draw.randrange(3)):
                accounts[name].visit(record, born + draw.uniform(1, 10 * 86_400))


class Life:
    """Draws what happens next, and where."""

    def __init__(self, accounts: dict[str, Account], kernel: Kernel, seed: int) -> None:
        self._accounts = accounts
        self._kernel = kernel
        self._draw = random.Random(f"life {seed}")
        self._connected = False

    def plan(self, actions: int, seconds: float, *, connected: bool) -> None:
        """Spread actions over the coming ``seconds``; ``connected``: webhooks are told from the beginning on."""
        self._connected = connected
        for _ in range(actions):
            self._kernel.at(self._draw.uniform(0, seconds), self._act)

    def _act(self) -> None:
        name = self._draw.choice(sorted(self._accounts))
        account = self._accounts[name]
        record = self._draw.choice(sorted(person.record_id for person in account.living()) or [""])
        kind = self._draw.choices(
            ("visit", "edit", "flip", "add", "rename", "remove", "unlisted"), (22, 14, 22, 14, 8, 12, 8)
        )[0]
        self._kernel.say(f"{kind} {record}", name)
        if not record or kind == "add":
            record = account.add(self._address(), self._draw.choice(CITIES))
            self._kernel.at(self._draw.uniform(0, 3), lambda: account.visit(record))
        elif kind == "visit":
            account.visit(record)
        elif kind == "rename":
            account.rename(record, self._address())
        elif kind == "remove":
            account.remove(record)
        else:
            self._edit(account, record, kind)

    def _address(self) -> str:
        return f"p{self._draw.randrange(10)}@firm{self._draw.randrange(3)}.com"

    def _edit(self, account: Account, record: str, kind: str) -> None:
        here = account.people[record].history[-1][1]
        there = next(city for city in CITIES if city != here)
        # Only a webhook that surely comes can tell of what no list shows.
        told = self._connected and bool(account.vendor.hooks)
        account.edit(record, there, unlisted=kind == "unlisted" and told)
        if kind == "flip":
            # Back again after a while: a score that returns to what the CRM held.
            self._kernel.at(self._draw.uniform(1, 25), lambda: self._back(account, record, here))

    @staticmethod
    def _back(account: Account, record: str, city: str) -> None:
        if not account.people[record].removed:
            account.edit(record, city)


class Courier:
    """Pushes changes to the product's web, with the vendor's retries, losses and doubles."""

    def __init__(self, kernel: Kernel, storm: Storm, processes: Processes) -> None:
        self._kernel = kernel
        self._storm = storm
        self._processes = processes
        self._numbers = count(1)

    def attach(self, account: Account) -> None:
        """Let an account tell of its changes, if its vendor does."""
        if account.vendor.hooks:
            account.tell = lambda record, certain: self._tell(account, record, certain)

    def _tell(self, account: Account, record: str, certain: bool) -> None:
        body = {
            "account": f"{account.vendor.name}-1",
            "id": f"{account.vendor.name}-{next(self._numbers)}",
            "record": record,
            "at": self._kernel.now,
        }
        if not certain and self._storm.strikes("lost hook"):
            self._kernel.say(f"the webhook of {record} is lost", account.vendor.name)
            return
        for _ in range(2 if self._storm.strikes("doubled hook") else 1):
            delay = self._storm.draw.uniform(5, 60) if self._storm.strikes("late hook") else 0.2
            self._kernel.at(delay, lambda: self._push(account, json.dumps(body).encode(), 0))

    def _push(self, account: Account, body: bytes, tries: int) -> None:
        web = self._processes.running("web")
        key = account.hook_url.rpartition("/")[2] or None
        if account.vendor.hooks == "account" and key is None:
            return  # Nobody asked for it yet.
        if web is None:
            self._again(account, body, tries)
            return
        secret = APP_SECRET if account.vendor.hooks == "app" else f"signed by {account.vendor.name}"
        delivery = Delivery("POST", "/webhooks", {SIGNATURE: secret}, body)
        answered: list[bool] = []

        def handle() -> None:
            try:
                seams.receive(
                    web.services, account.vendor.name, delivery, key if account.vendor.hooks == "account" else None
                )
            except Crash:
                raise
            except RejectedInput:
                answered.append(True)  # 4xx: the vendor does not come again.
                self._kernel.say("a webhook is rejected")
                return
            except Exception as error:  # noqa: BLE001 - 500, whatever it was
                self._kernel.say(f"a webhook fails with {type(error).__name__}")
                return
            answered.append(True)

        self._kernel.spawn(web.process, f"hook {account.vendor.name}", handle)
        self._kernel.at(TIMEOUT, lambda: None if answered else self._again(account, body, tries))

    def _again(self, account: Account, body: bytes, tries: int) -> None:
        if tries < len(RETRIES):
            self._kernel.at(RETRIES[tries], lambda: self._push(account, body, tries + 1))


__all__ = ["EPOCH", "Courier", "Life", "settle"]
