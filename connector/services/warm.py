"""What a worker of the real-time lane keeps between turns: models that are read, connections that are open.

A connection that stays open knows the account's definitions already and talks over a line that stands.
"""

from __future__ import annotations

from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

from connector.adapters.contract import CrmAdapter
from connector.errors import NeedsAdmin
from connector.services.context import Services
from connector.services.opening import open_adapter, read_connection
from connector.store import models
from connector.store.connections import CrmConnection

if TYPE_CHECKING:
    from scoring.bundle import Bundle

MODELS, ADAPTERS = 32, 128
FRESH_SECONDS = 900
"""Seconds after which a connection is opened anew: fields may have come."""


def load_libraries() -> None:
    """Load what scores leads, at the start of a process that will: its first lead would else wait for seconds."""
    for name in ("scoring.bundle", "scoring.features.neighbours", "scoring.predict"):
        import_module(name)


class Warm:
    """Services with what one process remembers. Safe to use from several threads."""

    def __init__(self, services: Services) -> None:
        """Read and open nothing yet."""
        self.services = services
        self._bundle = lru_cache(MODELS)(self._load)
        self._adapter = lru_cache(ADAPTERS)(self._open)

    def bundle(self, tenant_id: UUID, sha256: str) -> Bundle:
        """Return a model of a tenant by the hash of its bytes."""
        return self._bundle(tenant_id, sha256)

    def adapter(self, connection_id: UUID) -> CrmAdapter:
        """Return a connection in the real-time lane of its account, opened anew where anything about it changed."""
        return self.adapter_of(read_connection(self.services, connection_id))

    def adapter_of(self, stored: CrmConnection) -> CrmAdapter:
        """The same of a connection that was read just now."""
        known = repr((stored.status, stored.field_names, stored.options, stored.api_origin, stored.limited_as))
        span = int(self.services.clock.now().timestamp() // FRESH_SECONDS)
        return self._adapter(stored.id, known, span)

    def forget(self) -> None:
        """Open every connection anew: one has failed for a reason that may lie in what is remembered."""
        self._adapter.cache_clear()

    def _load(self, tenant_id: UUID, sha256: str) -> Bundle:
        # Imported here for the same reason as in training: whoever does not score needs no model library.
        from scoring.bundle import loads

        with self.services.store.reading(tenant_id) as session:
            artefact = models.artefact(session, tenant_id, sha256)
        if artefact is None:
            raise NeedsAdmin("The model that scores is not stored.", remedy="Start a training run.")
        return loads(artefact, tenant=str(tenant_id))

    def _open(self, connection_id: UUID, *_known: Any) -> CrmAdapter:
        return open_adapter(self.services, connection_id, realtime=True)
