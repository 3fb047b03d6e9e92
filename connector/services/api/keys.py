"""API keys: made, given new secrets and revoked by an admin; every act is on the record."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.store import api_keys, ledger
from connector.store.api_keys import ApiKey

GRACE = timedelta(hours=24)
"""So long the former secret of a key still opens, so that a program can be given the new one in peace."""
LONGEST_GRACE = timedelta(days=30)
LONGEST_DAYS = 3650
MOST_KEYS = 50
"""Keys of a tenant that are not revoked."""
USED_EVERY = timedelta(minutes=1)
"""So often at most it is written when a key was last used."""
ENDED = "The API key is not known. It may have been revoked, or given a new secret."
_FORM = re.compile(r"(lsk_[0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


class Scope(StrEnum):
    """What a key may be used for."""

    SCORES_READ = "scores:read"
    SCORES_WRITE = "scores:write"
    LEADS_READ = "leads:read"
    EVENTS_WRITE = "events:write"
    CONVERSIONS_WRITE = "conversions:write"
    FEEDBACK_WRITE = "feedback:write"
    MODELS_READ = "models:read"
    FIGURES_READ = "figures:read"
    EXPORTS_READ = "exports:read"
    PEOPLE_READ = "people:read"
    PEOPLE_ERASE = "people:erase"


MEANINGS = {
    Scope.SCORES_READ: "read scores with their history and reasons",
    Scope.SCORES_WRITE: "have leads scored anew",
    Scope.LEADS_READ: "search leads, with names and e-mail addresses",
    Scope.EVENTS_WRITE: "send what people did",
    Scope.CONVERSIONS_WRITE: "send outcomes",
    Scope.FEEDBACK_WRITE: "say of scores whether they fit",
    Scope.MODELS_READ: "read models, their figures and cards",
    Scope.FIGURES_READ: "read what channels cost and brought",
    Scope.EXPORTS_READ: "take all scores away in one file",
    Scope.PEOPLE_READ: "take out all that is held of a person",
    Scope.PEOPLE_ERASE: "have people erased, or not profiled",
}


class UnknownKey(RejectedInput):
    """The key opens nothing: it was never made, has expired, or was revoked."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key's secret, to be shown once: only its hash is stored."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a key, whose tenant's data alone it may see. From ``note_due`` on its last use is to be written again.

    ``remembered``: what is known of the key is some seconds old. It may be revoked by now.
    """

    key_id: UUID
    tenant_id: UUID
    prefix: str
    scopes: frozenset[str]
    note_due: datetime
    secret_hash: str = field(repr=False)
    remembered: bool = False


def add(services: Services, tenant_id: UUID, name: str, scopes: Collection[str], days: int | None = None) -> NewKey:
    """Make a key that expires after ``days`` (None: never).

    Raises ``RejectedInput`` for a name, scopes or a number of days that can't be, and where there are too many keys.
    """
    tidy, now, secret = name.strip(), services.clock.now(), _new_secret()
    if not _NAME.fullmatch(tidy):
        raise RejectedInput("A key needs a name of 1 to 100 characters.")
    if days is not None and not 1 <= days <= LONGEST_DAYS:
        raise RejectedInput(f"A key may expire after 1 to {LONGEST_DAYS} days.")
    key = ApiKey(
        id=uuid4(),
        tenant_id=tenant_id,
        name=tidy,
        prefix=prefix_of(secret) or "",
        secret_hash=hash_of(secret),
        former_hash=None,
        former_until=None,
        scopes=_checked(scopes),
        created_at=now,
        secret_made_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
        last_used_at=None,
        revoked_at=None,
    )
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        if sum(other.revoked_at is None for other in api_keys.of_tenant(session, tenant_id)) >= MOST_KEYS:
            raise RejectedInput(f"There are {MOST_KEYS} keys already. Revoke one that is not used any more.")
        api_keys.add(session, key)
        _record(services, session, key, "add API key", {"name": tidy, "scopes": list(key.scopes)})
    return NewKey(key, secret)


def rotate(services: Services, tenant_id: UUID, key_id: UUID, grace: timedelta = GRACE) -> NewKey | None:
    """Give a key another secret; the former opens for ``grace`` still, one before that no longer.

    None where the tenant has no such key. Raises ``RejectedInput`` for one that is revoked, and a grace that can't be.
    """
    if not timedelta() <= grace <= LONGEST_GRACE:
        raise RejectedInput(f"The former secret may open for 0 to {LONGEST_GRACE // timedelta(hours=1)} hours.")
    now = services.clock.now()
    with services.store.transaction(tenant_id) as session:
        ledger.lock(session, tenant_id)
        key = api_keys.find(session, tenant_id, key_id)
        if key is None:
            return None
        if key.revoked_at is not None:
            raise RejectedInput(f"The key {key.prefix} is revoked. Make a new one.")
        secret = f"{key.prefix}_{secrets.token_urlsafe(32)}"
        api_keys.save_secret(session, key, hash_of(secret), now, now + grace)
        _record(services, session, key, "rotate API key", {"grace_seconds": int(grace.total_seconds())})
    return NewKey(key, secret)


def revoke(services: Services, tenant_id: UUID, key_id: UUID) -> bool:
    """End a key at once and for good; False where the tenant has no such key."""
    with services.store.transaction(tenant_id) as session:
        key = api_keys.find(session, tenant_id, key_id)
        if key is None:
            return False
        if key.revoked_at is None:
            api_keys.revoke(session, key, services.clock.now())
            _record(services, session, key, "revoke API key", {})
    return True


def of_tenant(services: Services, tenant_id: UUID) -> Sequence[ApiKey]:
    """Return a tenant's keys, oldest first, revoked ones too."""
    with services.store.reading(tenant_id) as session:
        return api_keys.of_tenant(session, tenant_id)


def caller_of(services: Services, secret: str) -> Caller:
    """Return who a secret stands for; raises ``UnknownKey``."""
    prefix, now, given = prefix_of(secret), services.clock.now(), hash_of(secret)
    if prefix is None:
        raise UnknownKey("This is not an API key of this product: one begins with lsk_.")
    with services.store.reading() as session:
        key = api_keys.by_prefix(session, prefix)
    if key is None or key.revoked_at is not None or not _opens(key, given, now):
        raise UnknownKey(ENDED)
    if key.expires_at is not None and key.expires_at <= now:
        raise UnknownKey(f"The API key {key.prefix} has expired. Ask your administrator for a new one.")
    due = now if key.last_used_at is None else key.last_used_at + USED_EVERY
    return Caller(key.id, key.tenant_id, key.prefix, frozenset(key.scopes), due, given)


def is_open(services: Services, caller: Caller) -> bool:
    """Tell whether the secret of a caller who was remembered still opens its key."""
    with services.store.reading(caller.tenant_id) as session:
        key = (caller.tenant_id, caller.key_id, caller.secret_hash)
        return api_keys.is_open(session, key, services.clock.now())


def _opens(key: ApiKey, given: str, now: datetime) -> bool:
    if hmac.compare_digest(given, key.secret_hash):
        return True
    in_grace = key.former_until is not None and now < key.former_until
    return in_grace and hmac.compare_digest(given, key.former_hash or "")


def prefix_of(secret: str) -> str | None:
    """Return the public part of a secret; None for what is none."""
    found = _FORM.fullmatch(secret)
    return found[1] if found else None


def hash_of(secret: str) -> str:
    """Return what is stored of a secret. It is 256 random bits: no slower hash would make guessing harder."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _new_secret() -> str:
    return f"lsk_{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"


def _checked(scopes: Collection[str]) -> tuple[str, ...]:
    known = [scope for scope in Scope if scope in scopes]
    unknown = sorted(set(scopes) - set(known))
    if unknown or not known:
        named = f"{unknown[0][:50]} is no scope. " if unknown else ""
        raise RejectedInput(f"{named}A key needs at least one of these scopes: {', '.join(Scope)}.")
    return tuple(str(scope) for scope in known)


def _record(services: Services, session: Connection, key: ApiKey, action: str, more: dict[str, object]) -> None:
    acts.record(services, session, key.tenant_id, action, key=key.prefix, **more)
