"""A tenant's sites: made, changed and given secrets by an admin; every act is on the record."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from sqlalchemy.engine import Connection

from connector.errors import RejectedInput
from connector.services import acts
from connector.services.context import Services
from connector.services.tracking.texts import event_name
from connector.store import sites
from connector.store.sites import TrackedSite

MOST_ORIGINS = 20
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
_HERE = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A site's secret, to be shown once: only its hash is stored."""

    site: TrackedSite
    secret: str = field(repr=False)


def add(services: Services, tenant_id: UUID, name: str, origins: Sequence[str]) -> NewSecret:
    """Register a site; raises ``RejectedInput`` for a name or an origin that is none."""
    tidy = event_name(name)
    if tidy is None:
        raise RejectedInput("A site needs a name of 1 to 100 characters.")
    secret, now = _new_secret(), services.clock.now()
    site = TrackedSite(
        id=uuid4(),
        tenant_id=tenant_id,
        name=tidy,
        key=secrets.token_hex(8),
        origins=checked_origins(origins),
        secret_hash=hash_of(secret),
        secret_made_at=now,
        created_at=now,
    )
    with services.store.transaction(tenant_id) as session:
        sites.add(session, site)
        _record(services, session, site, "add site", {"name": tidy, "origins": list(site.origins)})
    return NewSecret(site, secret)


def replace_secret(services: Services, tenant_id: UUID, site_id: UUID) -> NewSecret | None:
    """Give a site another secret, the former being worthless at once; None where the tenant has no such site."""
    secret = _new_secret()
    with services.store.transaction(tenant_id) as session:
        site = sites.find(session, tenant_id, site_id)
        if site is None:
            return None
        sites.save_secret(session, site.id, hash_of(secret), services.clock.now())
        _record(services, session, site, "replace site secret", {})
    return NewSecret(site, secret)


def change_origins(services: Services, tenant_id: UUID, site_id: UUID, origins: Sequence[str]) -> TrackedSite | None:
    """Replace a site's origins; None where the tenant has no such site.

    Raises ``RejectedInput`` for an origin that is none.
    """
    wanted = checked_origins(origins)
    with services.store.transaction(tenant_id) as session:
        site = sites.find(session, tenant_id, site_id)
        if site is None:
            return None
        sites.save_origins(session, site.id, wanted)
        _record(services, session, site, "set site origins", {"origins": list(wanted)})
    return site


def is_owned(services: Services, tenant_id: UUID, site_id: UUID) -> bool:
    """Tell whether the tenant has this site."""
    with services.store.reading(tenant_id) as session:
        return sites.find(session, tenant_id, site_id) is not None


def checked_origins(origins: Sequence[str]) -> tuple[str, ...]:
    """Return origins as browsers write them; raises ``RejectedInput`` naming what is wanted."""
    found = tuple(dict.fromkeys(_origin(text) for text in origins if text.strip()))
    if not 0 < len(found) <= MOST_ORIGINS:
        raise RejectedInput(f"A site needs 1 to {MOST_ORIGINS} origins, such as https://www.example.com.")
    return found


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text.strip().lower().rstrip("/"))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    secure = parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)
    plain = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    if not secure or not _HOST.fullmatch(host) or parts.geturl() != plain:
        raise RejectedInput(
            "An origin is https://, a host and nothing else, such as https://www.example.com; "
            "on this machine http://localhost:8080 is one, too."
        )
    default = f":{443 if parts.scheme == 'https' else 80}"
    return plain.removesuffix(default)


def hash_of(secret: str) -> str:
    """Return what is stored of a secret. It is 256 random bits: no slower hash would make guessing harder."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _new_secret() -> str:
    return f"lss_{secrets.token_urlsafe(32)}"


def _record(services: Services, session: Connection, site: TrackedSite, action: str, more: dict[str, object]) -> None:
    acts.record(services, session, site.tenant_id, action, site=str(site.id), **more)
