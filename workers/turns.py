"""What becomes of a turn of the real-time lane: done, tried again, or left to a refresh, by the class of the error."""

from __future__ import annotations

import logging
from uuid import UUID

from connector.errors import LostLease, NeedsAdmin, RetryLater
from connector.services import pipeline, realtime, usage
from connector.services.realtime import Done
from connector.services.turn import Turn
from connector.services.warm import Warm
from connector.store.session import UNAVAILABLE
from workers.outcomes import DATABASE_AWAY, DATABASE_PAUSE_SECONDS, places

log = logging.getLogger("connector.realtime")

LONGEST_PAUSE_SECONDS = 60.0
"""Work that is put back for longer is left to the sweep."""


def take_turns(warm: Warm, piece_id: UUID) -> dict[UUID, float]:
    """Do a piece of work and what follows from it for the same connection; wake others for the rest.

    Returns the work that was put back for a short while, with the seconds until it is due.
    """
    paused: dict[UUID, float] = {}
    turn = realtime.claim(warm.services, piece_id)
    if turn is None:
        return paused
    with usage.metered_turn(warm.services, turn.tenant_id):
        done, pause = _take(warm, turn)
    if pause is not None and pause <= LONGEST_PAUSE_SECONDS:
        paused[piece_id] = pause
    warm.services.wake_all(done.ready)
    if done.own is not None:
        # The same worker delivers: a message would only cost time. Whoever else can help was announced before.
        paused |= take_turns(warm, done.own)
    return paused


def _take(warm: Warm, turn: Turn) -> tuple[Done, float | None]:
    try:
        done = realtime.perform(warm, turn)
        return done, done.pause
    except LostLease:
        log.info("the real-time work of connection %s went on elsewhere", turn.connection_id)
        return Done(), None
    except RetryLater as error:
        pause = max(error.after_seconds, 2.0 ** min(turn.piece.attempts, 8) / 8)
        log.warning("connection %s is tried again in %.1f s: %s", turn.connection_id, pause, error)
        return _unless_lost(turn, pause, str(error))
    except NeedsAdmin as error:
        log.error("connection %s of tenant %s waits for the admin", turn.connection_id, turn.tenant_id)
        return Done(realtime.give_up(warm, turn, error)), None
    except UNAVAILABLE:
        log.warning("the real-time work of connection %s waits for the database", turn.connection_id)
        return _unless_lost(turn, DATABASE_PAUSE_SECONDS, DATABASE_AWAY)
    except Exception as error:  # noqa: BLE001 - the outermost boundary: an unexpected error is our bug and must not spin
        return _bug(warm, turn, error)


def _bug(warm: Warm, turn: Turn, error: Exception) -> tuple[Done, float | None]:
    where = places(error)
    log.error("real-time work of connection %s failed with %s at %s", turn.connection_id, type(error).__name__, where)
    warm.forget()
    message = f"An unexpected {type(error).__name__} stopped this. It is logged with connection {turn.connection_id}."
    if turn.piece.attempts >= pipeline.BUG_ATTEMPTS:
        realtime.rest(turn, f"{message} The next refresh reads what is left.")
        return Done(), None
    return _unless_lost(turn, 2.0**turn.piece.attempts, message)


def _unless_lost(turn: Turn, pause: float, message: str) -> tuple[Done, float | None]:
    try:
        realtime.put_back(turn, pause, message)
    except LostLease:
        return Done(), None
    return Done(), pause
