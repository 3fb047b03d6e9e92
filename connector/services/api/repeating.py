"""The same request again (``Idempotency-Key``): answered as before, and nothing is done twice."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from connector.errors import ConnectorError, RejectedInput
from connector.services.api.keys import Caller
from connector.services.context import Services
from connector.store import api_answers
from connector.store.api_answers import Place, Terms

KEPT = timedelta(hours=24)
"""How long an answer is kept."""
HELD = timedelta(seconds=60)
"""So long a request may take; one that died with its process is then done anew."""
_NAME = re.compile(r"[\x21-\x7e]{1,200}")


class OtherRequest(RejectedInput):
    """The same Idempotency-Key came with another request before."""


class UnderWay(ConnectorError):
    """The first request with this Idempotency-Key is not answered yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def begin(services: Services, caller: Caller, name: str, operation: str, body: bytes) -> Place | Answer:
    """Return the place where the answer is to be kept, or the answer that is there.

    Raises ``RejectedInput`` for a name that is none, ``OtherRequest`` and ``UnderWay``.
    """
    if not _NAME.fullmatch(name):
        raise RejectedInput("Idempotency-Key must have 1 to 200 printable ASCII characters without spaces.")
    told = hashlib.sha256(operation.encode() + b"\n" + body).hexdigest()
    now, place = services.clock.now(), Place(caller.tenant_id, caller.key_id, name, uuid4())
    with services.store.transaction(caller.tenant_id) as session:
        kept = api_answers.take(session, place, told, Terms(now, now + HELD, now - KEPT))
    if kept is None:
        return place
    if kept.request_hash != told:
        raise OtherRequest("This Idempotency-Key was used for another request within the last 24 hours.")
    if kept.status is None:
        raise UnderWay("A request with this Idempotency-Key is still being answered. Ask again in a moment.")
    return Answer(kept.status, kept.headers, kept.body)


def keep(services: Services, place: Place, answer: Answer) -> None:
    """Keep an answer."""
    with services.store.transaction(place.tenant_id) as session:
        api_answers.keep(session, place, answer.status, answer.headers, answer.body)


def release(services: Services, place: Place) -> None:
    """Let the request be made again: it was refused, so nothing was done."""
    with services.store.transaction(place.tenant_id) as session:
        api_answers.release(session, place)
