"""Asking an org who it is, before a connection and its governor exist."""

from __future__ import annotations

from datetime import datetime

from connector.adapters.contract import Access, Usage
from connector.adapters.salesforce.org import Org
from connector.adapters.salesforce.session import Session
from connector.errors import RejectedInput
from connector.records import Account, Tokens


class Ungoverned:
    """A lane for the two requests of an installation: nothing waits and nothing is counted."""

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        """Let it pass."""

    def settle(self, budget: str) -> None:
        """Forget it."""

    def penalise(self, budget: str, seconds: float) -> None:
        """Try again at once: a person is waiting."""

    def told(self, budget: str, usage: Usage | None) -> None:
        """Leave the org's day to those who work in it."""

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        """Count nothing."""


def opened(tokens: Tokens, origin: str, org_id: str, now: datetime, timeout: tuple[float, float]) -> Account:
    """Return the org that the token opens at ``origin``; raise ``RejectedInput`` if it opens none."""

    def refused(_: str) -> str:
        raise RejectedInput(
            "The org does not take the token that Salesforce gave for it. Start the installation again."
        )

    access = Access(
        connection_id="",
        account_id=org_id,
        scopes=tokens.scopes,
        token=lambda: tokens.access_token,
        refused_token=refused,
        lane=Ungoverned(),
        now=lambda: now,
        field_names={},
        api_origin=origin,
    )
    return Org(Session(access, origin, timeout), access).account()
