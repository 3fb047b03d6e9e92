"""How much may be written to an account now: dry run, approval, the first records, the night's number."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import Connection

from connector.store import connections, outbox, publications, tenants
from connector.store.publications import Publication
from connector.store.tenants import Delivery, TenantSettings

_NOON = 12


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a delivery may take.

    ``most`` None: as much as it likes. ``written_before``: only records that were written at least once. ``night``
    is when the night began that the writes are counted in. ``held`` says why not all may be written, "" where all may.
    """

    most: int | None
    written_before: bool
    night: datetime
    held: str = ""

    @property
    def closed(self) -> bool:
        """Whether nothing at all may be written."""
        return self.most == 0


def allowance(session: Connection, tenant_id: UUID, connection_id: UUID, now: datetime) -> Allowance:
    """Return what may be written to an account at this moment.

    Two deliveries that ask within their transactions never take more together than was allowed once: the
    account's row is locked.
    """
    return _allowed(session, tenant_id, connection_id, publications.lock(session, tenant_id, connection_id), now)


def as_it_stands(session: Connection, tenant_id: UUID, connection_id: UUID, now: datetime) -> Allowance:
    """Return the same to be told to people, without keeping any delivery waiting."""
    return _allowed(session, tenant_id, connection_id, publications.get(session, connection_id), now)


def _allowed(session: Connection, tenant_id: UUID, connection_id: UUID, state: Publication, now: datetime) -> Allowance:
    settings = tenants.get(session, tenant_id).settings
    night = night_of(now, connections.get(session, connection_id).time_zone)
    if settings.delivery == Delivery.DRY_RUN:
        return Allowance(0, False, night, "This is a dry run: nothing is written.")
    if settings.delivery == Delivery.APPROVE and state.approved_at is None:
        return Allowance(0, False, night, "The first scores wait for your approval on the page Publication.")
    return _limited(session, connection_id, settings, state, night)


def _limited(
    session: Connection, connection_id: UUID, settings: TenantSettings, state: Publication, night: datetime
) -> Allowance:
    most, held, written_before = None, "", False
    if settings.nightly_cap is not None:
        most = max(settings.nightly_cap - written_tonight(state, night), 0)
        held = "" if most else "Tonight's number of writes is reached: the rest waits for the next night."
    first = first_records(settings, state)
    if first is not None and most != 0:
        left = max(first - outbox.reached(session, connection_id), 0)
        if left:
            most = left if most is None else min(most, left)
        else:
            written_before, held = True, f"The first {first:,} records are written: the rest waits for its release."
    return Allowance(most, written_before, night, held)


def may_be_shown(session: Connection, tenant_id: UUID, connection_id: UUID, record_id: int) -> bool:
    """Whether people who use an account may see the score of one of its records: by the admin's word, not by how far
    the writing has come."""
    settings = tenants.get(session, tenant_id).settings
    state = publications.get(session, connection_id)
    if settings.delivery == Delivery.DRY_RUN or (settings.delivery == Delivery.APPROVE and state.approved_at is None):
        return False
    return first_records(settings, state) is None or outbox.was_written(session, record_id)


def first_records(settings: TenantSettings, state: Publication) -> int | None:
    """Return to how many records of an account the scores are kept for now, None: to all."""
    if state.released_at is not None:
        return None
    return settings.first_records if state.approved_at is None else state.first_records


def written_tonight(state: Publication, night: datetime) -> int:
    """Return how many writes were begun since the night began."""
    return state.night_writes if state.night == night else 0


def night_of(now: datetime, time_zone: str) -> datetime:
    """Return when the night of ``now`` began: at noon of the account's own time, so that no night is cut in two."""
    try:
        zone: ZoneInfo | None = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        zone = None
    local = now.astimezone(zone or UTC)
    noon = local.replace(hour=_NOON, minute=0, second=0, microsecond=0)
    # Wall-clock days, so that a change to summer time moves no noon.
    return (noon if local >= noon else noon - timedelta(days=1)).astimezone(UTC)
