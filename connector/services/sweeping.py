"""The sweep: rows that are due become messages, whatever became of earlier ones.

Its cost must not grow with the number of tenants for whom nothing is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from connector.services import looking, pipeline, realtime, renewing, schedules
from connector.services.api import uses
from connector.services.context import Services
from connector.services.privacy import erasing, leaving
from connector.services.webhooks_out import delivering
from connector.store import installs
from connector.store import schedules as rows

_SELDOM = timedelta(minutes=10)
"""So often all grants are looked through: what is found has weeks left, and what failed is best left for a while."""


@dataclass(frozen=True, slots=True)
class Due:
    """What a sweep found beside the work that it announced itself.

    ``scheduled`` are (tenant, kind) of what is done by the clock; ``looks`` and ``grants`` connections that are to be
    looked at, or whose tokens are to be refreshed; ``erasures`` people who are to be forgotten, ``goodbyes``
    accounts that were left, ``endpoints`` addresses of tenants' own systems for which messages wait.
    """

    scheduled: Sequence[tuple[UUID, str]]
    looks: Sequence[UUID]
    grants: Sequence[UUID]
    erasures: Sequence[UUID]
    goodbyes: Sequence[UUID]
    endpoints: Sequence[UUID]


def sweep(services: Services) -> Due:
    """Announce intents and real-time work that are due, and bring uses of the REST API into the ledger.

    Returns the rest, which the caller's broker is told of.
    """
    pipeline.sweep(services)
    realtime.sweep(services)
    uses.sweep(services)
    scheduled = schedules.sweep(services)
    services.board.swept(services.clock.now())
    looks, grants = looking.due(services), _grants_now_and_then(services)
    own = delivering.due(services)
    return Due(scheduled, looks, grants, erasing.due(services), leaving.due(services), own)


def _grants_now_and_then(services: Services) -> Sequence[UUID]:
    """Return the grants to refresh, every few minutes; installations that nobody finished are dropped then as well."""
    now = services.clock.now()
    with services.store.transaction() as session:
        silent = rows.beat(session, "grants", now, _SELDOM)
        if silent:
            installs.prune(session, now)
    return renewing.due(services) if silent else []
