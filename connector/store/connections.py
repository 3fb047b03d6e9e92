"""Installed CRM accounts: identity, encrypted tokens, health."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from connector.records import Account
from connector.store.tables import connections, departures


class Health(StrEnum):
    """Whether a connection can be used."""

    ACTIVE = "active"
    NEEDS_ADMIN = "needs_admin"
    DISCONNECTED = "disconnected"


@dataclass(frozen=True, slots=True)
class StoredTokens:
    """A connection's tokens, still encrypted. ``version`` grows with each refresh.

    ``saved_at`` is None for tokens that are to be saved, and for those that an older release saved.
    """

    access_token: str
    refresh_token: str | None
    expires_at: datetime | None
    version: int
    saved_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CrmConnection:
    """One installed CRM account of a tenant.

    ``api_origin`` is where its API lives, if the vendor has many places; ``limited_as`` whom its limits count, if not
    the account; ``options`` are what its admin turned on; ``notice`` is what its admin should know although
    everything works; ``time_zone`` is the vendor's name of the account's; ``verifies``: a secret of its hooks is kept.
    """

    id: UUID
    tenant_id: UUID
    vendor: str
    account_id: str
    account_name: str
    ui_url: str
    status: Health
    status_reason: str | None
    scopes: tuple[str, ...]
    field_names: Mapping[str, str]
    installed_at: datetime
    api_origin: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    limited_as: str | None = None
    notice: str | None = None
    time_zone: str = "UTC"
    verifies: bool = True


def _read(row: Any) -> CrmConnection:
    return CrmConnection(
        row.id,
        row.tenant_id,
        row.vendor,
        row.account_id,
        row.account_name,
        row.ui_url,
        Health(row.status),
        row.status_reason,
        tuple(row.scopes),
        row.field_names,
        row.installed_at,
        row.api_origin,
        row.options,
        row.limited_as,
        row.notice,
        row.time_zone,
        row.hook_secrets is not None,
    )


def find_by_account(connection: Connection, vendor: str, account_id: str) -> CrmConnection | None:
    """Return the connection of a CRM account, if it was ever installed."""
    row = connection.execute(_BY_ACCOUNT, {"crm": vendor, "account": account_id}).one_or_none()
    return _read(row) if row else None


def get(connection: Connection, connection_id: UUID) -> CrmConnection:
    """Return a connection; raises ``NoResultFound`` for an unknown id."""
    return _read(connection.execute(_BY_ID, {"wanted": connection_id}).one())


_BY_ID = sa.select(connections).where(connections.c.id == sa.bindparam("wanted"))
_BY_ACCOUNT = sa.select(connections).where(
    connections.c.vendor == sa.bindparam("crm"), connections.c.account_id == sa.bindparam("account")
)
_OF_TENANT = (
    sa.select(connections).where(connections.c.tenant_id == sa.bindparam("owner")).order_by(connections.c.installed_at)
)


def find(connection: Connection, connection_id: UUID) -> CrmConnection | None:
    """Return a connection, if it is there."""
    row = connection.execute(_BY_ID, {"wanted": connection_id}).one_or_none()
    return _read(row) if row else None


def owned(connection: Connection, tenant_id: UUID, connection_id: UUID) -> bool:
    """Whether a connection is the tenant's."""
    c = connections.c
    query = sa.select(c.id).where(c.id == connection_id, c.tenant_id == tenant_id)
    return connection.execute(query).first() is not None


def of_tenant(connection: Connection, tenant_id: UUID) -> Sequence[CrmConnection]:
    """Return a tenant's connections, oldest first."""
    return [_read(row) for row in connection.execute(_OF_TENANT, {"owner": tenant_id})]


def troubled(connection: Connection, tenant_id: UUID) -> Sequence[CrmConnection]:
    """Return a tenant's accounts that nothing can be done with before a person acts; not those that were left."""
    left = sa.select(departures.c.connection_id).where(departures.c.tenant_id == tenant_id)
    c = connections.c
    mine = sa.and_(c.tenant_id == tenant_id, c.status != Health.ACTIVE, c.id.not_in(left))
    return [_read(row) for row in connection.execute(sa.select(connections).where(mine).order_by(c.installed_at))]


def add(connection: Connection, tenant_id: UUID, vendor: str, account: Account, now: datetime) -> UUID:
    """Add a connection without tokens and return its id."""
    connection_id = uuid4()
    row = {
        "id": connection_id,
        "tenant_id": tenant_id,
        "vendor": vendor,
        "account_id": account.account_id,
        "account_name": account.name,
        "ui_url": account.ui_url,
        "time_zone": account.time_zone,
        "currency": account.currency,
        "api_origin": account.api_origin,
        "limited_as": account.limited_as,
        "status": Health.ACTIVE,
        "scopes": [],
        "field_names": {},
        "installed_at": now,
    }
    connection.execute(sa.insert(connections), row)
    return connection_id


_TOKENS = sa.select(
    connections.c.access_token,
    connections.c.refresh_token,
    connections.c.token_expires_at,
    connections.c.token_version,
    connections.c.tokens_saved_at,
).where(connections.c.id == sa.bindparam("wanted"))
"""Made once: asked before every request to a CRM."""


def tokens(connection: Connection, connection_id: UUID) -> StoredTokens:
    """Return the encrypted tokens of a connection."""
    return StoredTokens(*connection.execute(_TOKENS, {"wanted": connection_id}).one())


def idle_grants(connection: Connection, vendor: str, since: datetime, limit: int) -> Sequence[UUID]:
    """Return connections whose refresh token was saved before ``since``, the oldest first."""
    c = connections.c
    old = sa.or_(c.tokens_saved_at.is_(None), c.tokens_saved_at < since)
    query = (
        sa.select(c.id)
        .where(c.vendor == vendor, c.status != Health.DISCONNECTED, c.refresh_token.is_not(None), old)
        .order_by(sa.func.coalesce(c.tokens_saved_at, c.installed_at))
    )
    return list(connection.execute(query.limit(limit)).scalars())


def save_tokens(
    connection: Connection,
    connection_id: UUID,
    stored: StoredTokens,
    now: datetime,
    scopes: Sequence[str] | None = None,
) -> bool:
    """Store refreshed tokens if nobody else did so first; tell whether these were kept.

    ``stored.version`` is the version that the refresh started from.
    """
    values: dict[str, Any] = {
        "access_token": stored.access_token,
        "refresh_token": stored.refresh_token,
        "token_expires_at": stored.expires_at,
        "token_version": stored.version + 1,
        "refresh_until": None,
        "tokens_saved_at": now,
    }
    if scopes is not None:
        values["scopes"] = list(scopes)
    where = sa.and_(connections.c.id == connection_id, connections.c.token_version == stored.version)
    return connection.execute(sa.update(connections).where(where).values(values)).rowcount == 1


def claim_refresh(connection: Connection, connection_id: UUID, version: int, now: datetime, until: datetime) -> bool:
    """Take the right to refresh tokens of ``version``; False when someone else holds or used it."""
    free = sa.or_(connections.c.refresh_until.is_(None), connections.c.refresh_until < now)
    where = sa.and_(connections.c.id == connection_id, connections.c.token_version == version, free)
    return connection.execute(sa.update(connections).where(where).values(refresh_until=until)).rowcount == 1


def release_refresh(connection: Connection, connection_id: UUID) -> None:
    """Give the right to refresh back after a failed try."""
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(refresh_until=None))


def set_health(connection: Connection, connection_id: UUID, status: Health, reason: str | None = None) -> None:
    """Record whether the connection can be used, with the sentence for the admin."""
    values = {"status": status, "status_reason": reason}
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(values))


def set_notice(connection: Connection, connection_id: UUID, notice: str | None) -> None:
    """Tell the admin something about a connection that works; None takes it back."""
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(notice=notice))


def granted_by(connection: Connection, connection_id: UUID) -> str | None:
    """Return the CRM's id of the user whose grant is in use, None where it is not known."""
    query = sa.select(connections.c.granted_by).where(connections.c.id == connection_id)
    found: str | None = connection.execute(query).scalar_one()
    return found


def save_grantor(connection: Connection, connection_id: UUID, user_id: str | None) -> None:
    """Note the CRM's id of the user who gave the grant that is now in use."""
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(granted_by=user_id))


def forget_tokens(connection: Connection, connection_id: UUID) -> None:
    """Destroy the tokens of a connection that was disconnected."""
    values = dict.fromkeys(("access_token", "refresh_token", "token_expires_at", "hook_secrets"))
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(values))


def move(connection: Connection, connection_id: UUID, account: Account) -> None:
    """Note where the account's API lives now, and whom its limits count."""
    values = {"api_origin": account.api_origin, "limited_as": account.limited_as}
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(values))


def hook_secrets(connection: Connection, connection_id: UUID) -> str | None:
    """Return the signing secrets of the connection's hooks, still encrypted."""
    query = sa.select(connections.c.hook_secrets).where(connections.c.id == connection_id)
    found: str | None = connection.execute(query).scalar_one()
    return found


def save_hook_secrets(connection: Connection, connection_id: UUID, sealed: str) -> None:
    """Keep the encrypted signing secrets of the connection's hooks."""
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(hook_secrets=sealed))


def save_field_names(connection: Connection, connection_id: UUID, names: Mapping[str, str]) -> None:
    """Remember under which names our score fields stand in this account."""
    connection.execute(sa.update(connections).where(connections.c.id == connection_id).values(field_names=dict(names)))


def save_options(connection: Connection, connection_id: UUID, options: Mapping[str, str]) -> None:
    """Keep what the admin of a connection turned on."""
    where = connections.c.id == connection_id
    connection.execute(sa.update(connections).where(where).values(options=dict(options)))


def newest(connection: Connection) -> CrmConnection:
    """Return the connection that was installed last; raises ``NoResultFound`` where there is none."""
    query = sa.select(connections).order_by(connections.c.installed_at.desc()).limit(1)
    return _read(connection.execute(query).one())


def newest_with_tokens(connection: Connection) -> CrmConnection | None:
    """Return the connection that was installed last of those that hold tokens, if there is one."""
    query = sa.select(connections).where(connections.c.access_token.is_not(None))
    row = connection.execute(query.order_by(connections.c.installed_at.desc()).limit(1)).one_or_none()
    return _read(row) if row else None


@dataclass(frozen=True, slots=True)
class Sealed:
    """One stored secret and whose it is."""

    tenant_id: UUID
    connection_id: UUID
    text: str


def sealed(connection: Connection) -> Iterator[Sealed]:
    """Yield every stored secret, still encrypted."""
    c = connections.c
    query = sa.select(c.tenant_id, c.id, c.access_token, c.refresh_token, c.hook_secrets).order_by(c.id)
    for tenant_id, connection_id, *secrets in connection.execute(query):
        yield from (Sealed(tenant_id, connection_id, text) for text in secrets if text)
