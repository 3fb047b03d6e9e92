"""What requests with an Idempotency-Key were answered, so that the same one again changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.bulk import upsert
from connector.store.tables import api_answers


@dataclass(frozen=True, slots=True)
class Kept:
    """A name that was used before. ``status`` is None while the first request is under way."""

    request_hash: str
    status: int | None
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Place:
    """The place of an answer: a key's name for a request, held by ``claim``."""

    tenant_id: UUID
    key_id: UUID
    name: str
    claim: UUID


@dataclass(frozen=True, slots=True)
class Terms:
    """Now, until when a place is held, and from when on answers count."""

    now: datetime
    until: datetime
    since: datetime


def take(connection: Connection, place: Place, request_hash: str, terms: Terms) -> Kept | None:
    """Hold a place and return None, or return what is kept there.

    A place that is held no longer (its holder died) is taken over by the same request.
    """
    connection.execute(sa.delete(api_answers).where(_at(place), api_answers.c.created_at < terms.since))
    fresh = {
        "key_id": place.key_id,
        "name": place.name,
        "tenant_id": place.tenant_id,
        "request_hash": request_hash,
        "claim": place.claim,
        "held_until": terms.until,
        "created_at": terms.now,
    }
    if upsert(connection, api_answers, [fresh], key=("key_id", "name")):
        return None
    c = api_answers.c
    left = sa.and_(_at(place), c.status.is_(None), c.held_until < terms.now, c.request_hash == request_hash)
    taken = sa.update(api_answers).where(left).values(claim=place.claim, held_until=terms.until)
    if connection.execute(taken).rowcount == 1:
        return None
    row = connection.execute(sa.select(api_answers).where(_at(place))).one()
    return Kept(row.request_hash, row.status, row.headers or {}, bytes(row.body or b""))


def keep(connection: Connection, place: Place, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Keep the answer, unless somebody else took the place over."""
    mine = sa.and_(_at(place), api_answers.c.claim == place.claim)
    values = {"status": status, "headers": dict(headers), "body": body, "held_until": None}
    connection.execute(sa.update(api_answers).where(mine).values(values))


def release(connection: Connection, place: Place) -> None:
    """Give the place back: nothing was done."""
    connection.execute(sa.delete(api_answers).where(_at(place), api_answers.c.claim == place.claim))


def any_before(connection: Connection, before: datetime) -> bool:
    """Tell whether an answer is older than that."""
    query = sa.select(api_answers.c.name).where(api_answers.c.created_at < before).limit(1)
    return connection.execute(query).first() is not None


def prune(connection: Connection, before: datetime) -> None:
    """Delete answers that are older than that."""
    connection.execute(sa.delete(api_answers).where(api_answers.c.created_at < before))


def _at(place: Place) -> sa.ColumnElement[bool]:
    c = api_answers.c
    return sa.and_(c.tenant_id == place.tenant_id, c.key_id == place.key_id, c.name == place.name)


def forget(connection: Connection, tenant_id: UUID) -> int:
    """Delete every answer of a tenant that is kept: any of them may tell of the person who is forgotten."""
    return connection.execute(sa.delete(api_answers).where(api_answers.c.tenant_id == tenant_id)).rowcount
