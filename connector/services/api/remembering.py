"""Whose key a secret is, remembered for some seconds, so that a program that asks often is not looked up each time.

A key may be revoked meanwhile. So this is for requests alone that only read, and what they read is given out when
``uses.record`` has found the key open in the statement that remembers the use.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from datetime import datetime, timedelta

from connector.services.api import keys
from connector.services.api.keys import USED_EVERY, Caller
from connector.services.context import Services

KEPT = timedelta(seconds=30)
MOST = 10_000
"""Callers that a process remembers."""


class RememberedCallers:
    """The callers of one process, by the hash of the secret that they gave, each until a time."""

    def __init__(self) -> None:
        """Remember nobody yet."""
        self._known: OrderedDict[str, tuple[datetime, Caller]] = OrderedDict()

    def caller_of(self, services: Services, secret: str) -> Caller:
        """Return who a secret stands for, or stood for up to ``KEPT`` ago; raises ``UnknownKey``."""
        now = services.clock.now()
        until, known = self._known.get(keys.hash_of(secret), (now, None))
        if known is not None and now < until:
            return known
        found = keys.caller_of(services, secret)
        # This request notes the use where that is due; the next one that must is to look again.
        due = now + USED_EVERY if now >= found.note_due else found.note_due
        self._known[found.secret_hash] = min(now + KEPT, due), replace(found, note_due=due, remembered=True)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return found
