"""Set a lead's score by hand until somebody releases it, or its end date comes.

While it holds, what CRMs and webhooks are told is the person's word; the model goes on scoring, and the ledger says
both. The word belongs to the person: it follows the record that it hangs on through joins and merges.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import Tier
from connector.services import acts
from connector.services.context import Services
from connector.services.feedback.notes import note_of, reason_of
from connector.services.feedback.reasons import BY_HAND
from connector.services.feedback.telling import tell_again
from connector.services.pipeline import Ready
from connector.store import experiments, ledger, overrides, records, schedules, scores
from connector.store.overrides import Override

KIND = "overrides"
"""What ends overrides by the clock (services/schedules)."""
LONGEST = timedelta(days=366)
LEAST_PAUSE = timedelta(minutes=1)
BY_ITS_DATE = "its end date"
_SCORE = re.compile(r"[0-9]{1,3}(\.[0-9])?", re.ASCII)
_DAY = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a lead is told as: a tier, a score (None: the model's own), until a time (None: until it is released)."""

    tier: Tier
    score: Decimal | None
    reason: str
    note: str | None = None
    until: datetime | None = None


def read_wish(form: Mapping[str, str]) -> Wish:
    """Read what somebody filled in; raises ``RejectedInput`` with the sentence for them."""
    tier = form.get("tier", "")
    if tier not in tuple(Tier):
        raise RejectedInput(f"Choose a tier: {', '.join(Tier)}.")
    text = form.get("score", "").strip()
    if text and not (_SCORE.fullmatch(text) and Decimal(text) <= 100):
        raise RejectedInput("The score must be a number from 0 to 100 with at most one decimal, such as 87.5.")
    return Wish(
        Tier(tier),
        Decimal(text) if text else None,
        form.get("reason", ""),
        form.get("note"),
        _until(form.get("until", "").strip()),
    )


def _until(text: str) -> datetime | None:
    """Read the last day as the moment at which it ends, UTC."""
    if not text:
        return None
    try:
        if _DAY.fullmatch(text):
            return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        pass
    raise RejectedInput("The last day must be a date such as 2026-03-31.")


def set_by_hand(services: Services, tenant_id: UUID, lead_id: int, wish: Wish) -> None:
    """Let a lead be told as somebody wishes, from now on; a former wish of it ends.

    Raises ``RejectedInput`` for a lead without a score or a record, one that an experiment holds out, and an end that
    is past or more than a year away.
    """
    now = services.clock.now()
    if wish.until is not None and not now < wish.until <= now + LONGEST:
        raise RejectedInput("The last day must lie within the coming year.")
    reason_of(wish.reason, BY_HAND)
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        anchor = _anchor(session, tenant_id, lead_id)
        note = note_of(session, tenant_id, lead_id, wish.note)
        former = [item.id for item in overrides.open_of(session, tenant_id, lead_id)]
        overrides.end(session, tenant_id, former, acts.asker(), now)
        row = {
            "id": uuid4(),
            "tenant_id": tenant_id,
            "record_id": anchor,
            "tier": wish.tier,
            "score": wish.score,
            "reason": wish.reason,
            "note": note,
            "made_by": acts.asker(),
            "made_at": now,
            "until": wish.until,
        }
        overrides.add(session, row)
        if wish.until is not None:
            schedules.bring_forward(session, KIND, {tenant_id: wish.until})
        said = {"tier": wish.tier, "score": str(wish.score) if wish.score is not None else None, "reason": wish.reason}
        until = wish.until.isoformat() if wish.until else None
        _enter(services, session, tenant_id, lead_id, "set score by hand", override=str(row["id"]), until=until, **said)
        ready = tell_again(services, session, tenant_id, lead_id, "override", {"override": str(row["id"])})
        _refuse_held_out(session, tenant_id, lead_id)
    services.wake_all(ready)


def _anchor(session: Connection, tenant_id: UUID, lead_id: int) -> int:
    """Return the record that a lead's override hangs on: its oldest here."""
    found = [row.id for row in records.of_lead(session, tenant_id, [lead_id])]
    if not found or scores.of_lead(session, tenant_id, lead_id) is None:
        raise RejectedInput(f"Lead {lead_id} has no score that could be set by hand. Only open leads have one.")
    return int(min(found))


def _refuse_held_out(session: Connection, tenant_id: UUID, lead_id: int) -> None:
    experiment = experiments.running(session, tenant_id)
    if experiment is not None and experiments.held_out(session, experiment, [lead_id]):
        raise RejectedInput(
            f"The score of lead {lead_id} is held out by the running experiment: nothing was set. End the experiment, "
            "or wait for its end."
        )


def release(services: Services, tenant_id: UUID, lead_id: int) -> bool:
    """Let the model's score be told again, within seconds; False where nobody had set another."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        held = overrides.open_of(session, tenant_id, lead_id)
        ready = _end(services, session, tenant_id, held, acts.asker()) if held else []
    services.wake_all(ready)
    return bool(held)


def end_due(services: Services, tenant_id: UUID) -> int:
    """End those whose last day is over; return how many."""
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        due = overrides.over(session, tenant_id, services.clock.now())
        ready = _end(services, session, tenant_id, due, BY_ITS_DATE)
    services.wake_all(ready)
    return len(due)


def cadence(services: Services, tenant_id: UUID) -> timedelta | None:
    """Return how long it is until the next one ends by its date; None where none has one."""
    with services.store.reading(tenant_id) as session:
        ends = [item.until for item in overrides.of_tenant(session, tenant_id) if item.until is not None]
    if not ends:
        return None
    # In one piece within a day: what is later would be done in the night after it.
    wait = min(ends) - services.clock.now()
    return min(max(wait, LEAST_PAUSE), timedelta(hours=23))


def _end(services: Services, session: Connection, tenant_id: UUID, held: Collection[Override], by: str) -> Ready:
    overrides.end(session, tenant_id, [item.id for item in held], by, services.clock.now())
    ready: Ready = []
    for lead_id in sorted({item.lead_id for item in held}):
        ids = [str(item.id) for item in held if item.lead_id == lead_id]
        _enter(services, session, tenant_id, lead_id, "released score", by=by, overrides=ids)
        ready += tell_again(services, session, tenant_id, lead_id, "release", {"override": ids[-1]})
    return ready


def _enter(
    services: Services,
    session: Connection,
    tenant_id: UUID,
    lead_id: int,
    action: str,
    by: str | None = None,
    **more: Any,
) -> None:
    """Enter the act where what is said of the lead stands, so that an erasure reaches it."""
    body = {"action": action, "by": by or acts.asker(), **more}
    ledger.append(session, tenant_id, [ledger.Entry("admin", lead_id, body)], services.clock.now())
