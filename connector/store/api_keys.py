"""Keys by which programs use a tenant's REST API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.store.tables import api_keys
from connector.store.types import UtcTime

_moment = sa.bindparam("moment", type_=UtcTime)
OPENS = sa.and_(
    api_keys.c.tenant_id == sa.bindparam("tenant"),
    api_keys.c.id == sa.bindparam("key"),
    api_keys.c.revoked_at.is_(None),
    sa.or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > _moment),
    sa.or_(
        api_keys.c.secret_hash == sa.bindparam("given"),
        sa.and_(api_keys.c.former_hash == sa.bindparam("given"), api_keys.c.former_until > _moment),
    ),
)
"""Whether the secret with the hash ``given`` opens the key at a ``moment``; ``services.api.keys`` asks it in Python."""
_IS_OPEN = sa.select(api_keys.c.id).where(OPENS)
_BY_PREFIX = sa.select(api_keys).where(api_keys.c.prefix == sa.bindparam("public"))


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. ``prefix`` is its public part; of the secrets only hashes are kept.

    The former secret opens until ``former_until``. ``expires_at`` None: it does not expire.
    """

    id: UUID
    tenant_id: UUID
    name: str
    prefix: str
    secret_hash: str = field(repr=False)
    former_hash: str | None = field(repr=False)
    former_until: datetime | None
    scopes: tuple[str, ...]
    created_at: datetime
    secret_made_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


def add(connection: Connection, key: ApiKey) -> None:
    """Add a key."""
    row = {name: getattr(key, name) for name in ApiKey.__dataclass_fields__} | {"scopes": list(key.scopes)}
    connection.execute(sa.insert(api_keys), row)


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[ApiKey]:
    """Return a tenant's keys, oldest first, revoked ones too."""
    c = api_keys.c
    query = sa.select(api_keys).where(c.tenant_id == tenant_id).order_by(c.created_at, c.id)
    return [_read(row) for row in connection.execute(query)]


def find(connection: Connection, tenant_id: UUID, key_id: UUID) -> ApiKey | None:
    """Return a key of the tenant."""
    row = connection.execute(sa.select(api_keys).where(*_same(tenant_id, key_id))).one_or_none()
    return _read(row) if row else None


def by_prefix(connection: Connection, prefix: str) -> ApiKey | None:
    """Return the key with a public part."""
    row = connection.execute(_BY_PREFIX, {"public": prefix}).one_or_none()
    return _read(row) if row else None


def is_open(connection: Connection, key: tuple[UUID, UUID, str], at: datetime) -> bool:
    """Tell whether the secret with a hash opens a key: its tenant, its id, that hash."""
    tenant_id, key_id, secret_hash = key
    given = {"tenant": tenant_id, "key": key_id, "given": secret_hash, "moment": at}
    return connection.execute(_IS_OPEN, given).one_or_none() is not None


def save_secret(connection: Connection, key: ApiKey, secret_hash: str, now: datetime, former_until: datetime) -> None:
    """Let another secret take the place of the key's, which goes on to open until ``former_until``."""
    values = {
        "secret_hash": secret_hash,
        "secret_made_at": now,
        "former_hash": key.secret_hash,
        "former_until": former_until,
    }
    connection.execute(sa.update(api_keys).where(*_same(key.tenant_id, key.id)).values(values))


def revoke(connection: Connection, key: ApiKey, now: datetime) -> None:
    """End a key for good."""
    connection.execute(sa.update(api_keys).where(*_same(key.tenant_id, key.id)).values(revoked_at=now))


def note_use(connection: Connection, tenant_id: UUID, key_id: UUID, now: datetime) -> None:
    """Remember when a key was last used."""
    connection.execute(sa.update(api_keys).where(*_same(tenant_id, key_id)).values(last_used_at=now))


def _same(tenant_id: UUID, key_id: UUID) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return api_keys.c.tenant_id == tenant_id, api_keys.c.id == key_id


def _read(row: Any) -> ApiKey:
    values = {name: getattr(row, name) for name in ApiKey.__dataclass_fields__}
    return ApiKey(**values | {"scopes": tuple(row.scopes)})
