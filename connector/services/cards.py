"""What a rep is told beside a record, in whichever CRM that is: one reading for all cards.

Nothing is shown that the CRM's own fields would not hold: no score before the admin's word on publication, none that a
running experiment holds out, none of people who are left out or objected. What people set by hand is told as such.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.records import Actor, EventKind, Tier
from connector.services import acts
from connector.services.allowance import may_be_shown
from connector.services.capacity import STAGE
from connector.services.card_changes import Change, Steady, latest_change
from connector.services.context import Services
from connector.services.feedback.rating import Thumb, rate_once
from connector.services.feedback.reasons import BY_HAND
from connector.services.reports.lead import Contribution, score_card
from connector.services.values import NEAR_AVERAGE
from connector.store import (
    events,
    exclusions,
    experiments,
    ledger,
    objections,
    overrides,
    records,
    scores,
    tenants,
    tracked,
)
from connector.store.overrides import Override
from connector.store.types import AnyRow

MOST_REASONS = 3
STALE_AFTER = timedelta(days=3)
"""Everybody is scored anew each night: an older score has missed more than one."""

BUYERS_ACTIONS = frozenset(EventKind) - {
    EventKind.EMAIL_SENT,
    EventKind.EMAIL_BOUNCED,
    EventKind.NOTE,
    EventKind.TASK,
    EventKind.CUSTOM,
}
"""What a buyer does; the rest is done to them, or can't be said in plain words."""


class UnknownRecord(RejectedInput):
    """No open record of the connection has this id: not read yet, or gone from the CRM."""


class Why(StrEnum):
    """Why a lead has no score to show."""

    LEFT_OUT = "left_out"
    OBJECTED = "objected"
    NOT_PUBLISHED = "not_published"
    NOT_SHOWN = "not_shown"
    ENDED = "ended"
    NOT_SCORED = "not_scored"


_SENTENCES = {
    Why.LEFT_OUT: "Your team left this lead out of scoring.",
    Why.OBJECTED: "This person objected to being profiled, so there is no score.",
    Why.NOT_PUBLISHED: "Scores of this account are not published yet: an admin of the scoring app approves them first.",
    # Says nothing of an experiment: who knows that a lead is held out may treat it otherwise.
    Why.NOT_SHOWN: "No score is shown for this lead for now.",
    Why.ENDED: "No longer scored: this lead is a customer by now, was disqualified or is not to be contacted.",
    Why.NOT_SCORED: "No score yet: this lead is new, or not among the open leads that can be contacted.",
}


class NoScore(RejectedInput):
    """The record is known, but nothing is to be shown of a score; ``why`` tells the cases apart."""

    def __init__(self, why: Why) -> None:
        super().__init__(_SENTENCES[why])
        self.why = why


@dataclass(frozen=True, slots=True)
class ByHand:
    """A person's word that is told instead of the model's: the model's own score, and until when it holds."""

    model_score: Decimal
    model_tier: Tier
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Action:
    """The last thing that the buyer did, without any text of theirs."""

    kind: EventKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """What is told of a lead.

    ``score`` (0–100) and ``tier`` are those that the CRM's fields hold; ``probability`` is always the model's
    calibrated chance. ``low`` and ``high`` are the ends of its 95 % interval: what became of leads that scored alike
    (scoring/bands); None where the score is of an older program. ``too_little_known``: that interval spans more than
    30 points of the score. ``reasons``: at most three sentences, the weightiest. ``change`` is None for a first score.
    ``last_action`` None: the buyer did nothing that was recorded. ``data_as_of``: what happened later is not in the
    score; ``stale`` says that this is too long ago. ``entry`` is the score's in the ledger.
    """

    lead_id: int
    score: Decimal
    tier: Tier
    probability: float
    low: float | None
    high: float | None
    too_little_known: bool
    reasons: tuple[str, ...]
    by_hand: ByHand | None
    change: Change | Steady | None
    last_action: Action | None
    data_as_of: datetime
    scored_at: datetime
    stale: bool
    model: str
    entry: int


def read(services: Services, tenant_id: UUID, connection_id: UUID, record_id: str) -> Card:
    """Return what is told of the record with this id in the CRM.

    Raises ``UnknownRecord``, and ``NoScore`` where there is none to show.
    """
    with services.store.reading(tenant_id) as session:
        lead_id = _lead_shown(session, tenant_id, connection_id, record_id)
        row = scores.of_lead(session, tenant_id, lead_id)
        newest = ledger.newest(session, tenant_id, "scored", lead_id, None)
        if row is None or newest is None:
            raise NoScore(Why.NOT_SCORED)
        passed = scores.newest_pass(session, tenant_id, STAGE)
        if passed is not None and row.as_of < passed:
            raise NoScore(Why.ENDED)
        now = services.clock.now()
        word = overrides.in_force(session, tenant_id, [lead_id], now).get(lead_id)
        step = tenants.get(session, tenant_id).settings.minimum_step
        change = latest_change(session, tenant_id, lead_id, newest, step)
        action = _last_action(session, tenant_id, lead_id, now)
    return _card(row, newest, word, change, action, now)


def thumb(services: Services, tenant_id: UUID, connection_id: UUID, record_id: str, by: str, said: Thumb) -> int:
    """Keep what the CRM's user ``by`` (a name for a ledger: no e-mail address) says of a record's score.

    The same said again by the same user of the same score is kept once. Returns the ledger's entry; raises as
    :func:`read` and ``rating.rate`` do.
    """
    lead_id = read(services, tenant_id, connection_id, record_id).lead_id
    with acts.asked_by(by):
        return rate_once(services, tenant_id, lead_id, said)


def _lead_shown(session: Connection, tenant_id: UUID, connection_id: UUID, vendor_id: str) -> int:
    """Return the lead behind a record, if anything of its score may be told there."""
    # A zero byte is in no text that PostgreSQL can compare.
    record = None if "\0" in vendor_id else records.named(session, tenant_id, connection_id, vendor_id)
    if record is None or record.removed_at is not None:
        raise UnknownRecord("This record is not known to the scoring app: new ones are read within minutes.")
    if record.lead_id is None:
        raise NoScore(Why.NOT_SCORED)
    lead_id = int(record.lead_id)
    if objections.since(session, tenant_id, lead_id) is not None:
        raise NoScore(Why.OBJECTED)
    if exclusions.of_lead(session, tenant_id, lead_id):
        raise NoScore(Why.LEFT_OUT)
    if not may_be_shown(session, tenant_id, connection_id, record.id):
        raise NoScore(Why.NOT_PUBLISHED)
    holdout = experiments.running(session, tenant_id)
    if holdout is not None and experiments.held_out(session, holdout, [lead_id]):
        raise NoScore(Why.NOT_SHOWN)
    return lead_id


def _last_action(session: Connection, tenant_id: UUID, lead_id: int, now: datetime) -> Action | None:
    """Return the newest of what the CRMs and the tenant's own sites tell; what machines did does not count."""
    found = [
        source.newest_of(session, tenant_id, lead_id, Actor.LEAD, BUYERS_ACTIONS, now) for source in (events, tracked)
    ]
    rows = [row for row in found if row is not None]
    newest = max(rows, key=lambda row: row.at, default=None)
    return None if newest is None else Action(EventKind(newest.kind), newest.at)


def _card(
    row: AnyRow,
    newest: ledger.Kept,
    word: Override | None,
    change: Change | Steady | None,
    action: Action | None,
    now: datetime,
) -> Card:
    model = score_card(row, newest.body)
    details = model.details
    by_hand = None if word is None else ByHand(model.score, model.tier, word.made_at, word.until)
    return Card(
        lead_id=row.lead_id,
        score=model.score if word is None or word.score is None else word.score,
        tier=model.tier if word is None else Tier(word.tier),
        probability=model.probability,
        low=details.low if details else None,
        high=details.high if details else None,
        too_little_known=bool(details and details.little_known),
        reasons=_strongest(model.contributions) if word is None else (BY_HAND[word.reason],),
        by_hand=by_hand,
        change=change,
        last_action=action,
        data_as_of=row.as_of,
        scored_at=row.scored_at,
        stale=now - row.as_of > STALE_AFTER,
        model=row.model,
        entry=newest.seq,
    )


def _strongest(parts: Sequence[Contribution]) -> tuple[str, ...]:
    """Return the weightiest sentences in the order in which they stand: first those that raise the chance."""
    weighty = sorted(parts, key=lambda part: -abs(part.log_odds))[:MOST_REASONS]
    return tuple(part.sentence for part in parts if part in weighty) or (NEAR_AVERAGE,)
