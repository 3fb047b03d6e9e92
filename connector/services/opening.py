"""Open a stored connection: its adapter, with tokens and rate governor."""

from __future__ import annotations

from functools import partial
from typing import Protocol
from uuid import UUID

from connector.adapters.contract import Access, CrmAdapter, CrmApp
from connector.errors import Disconnected, SettingsError
from connector.services import regions, write_jobs
from connector.services.context import Services
from connector.services.metering import MeteredLane
from connector.services.tokens import TokenSource
from connector.services.usage import CALLS
from connector.store import connections
from connector.store.connections import CrmConnection, Health


class Source(Protocol):
    """Where the tokens of a connection come from."""

    def token(self) -> str:
        """Return a token that is good."""
        ...

    def refused(self, token: str) -> str:
        """Return another one than ``token``."""
        ...

    def grant(self) -> str | None:
        """Return the refresh token, if there is one."""
        ...


def app_of(services: Services, vendor: str) -> CrmApp:
    """Return a vendor's app; raises ``SettingsError`` when its credentials are not configured."""
    try:
        return services.apps[vendor]
    except KeyError:
        name = vendor.upper()
        raise SettingsError(
            f"No app is configured for {vendor}: "
            f"set CONNECTOR_CRM_{name}_CLIENT_ID and CONNECTOR_CRM_{name}_CLIENT_SECRET."
        ) from None


def called(services: Services, connection: CrmConnection) -> str:
    """Return an account's name with its CRM's: customers call their accounts alike in all of them."""
    app = services.apps.get(connection.vendor)
    label = app.capabilities.label if app else connection.vendor
    named = connection.account_name
    return named if named.startswith(label) else f"{label}: {named}"


def read_connection(services: Services, connection_id: UUID) -> CrmConnection:
    """Return a stored connection."""
    with services.store.reading() as session:
        return connections.get(session, connection_id)


def open_adapter(services: Services, connection_id: UUID, *, realtime: bool = False) -> CrmAdapter:
    """Open a connection for work; raises ``Disconnected`` when the account took its grant back."""
    connection = read_connection(services, connection_id)
    app = app_of(services, connection.vendor)
    if connection.status is Health.DISCONNECTED:
        raise Disconnected(
            f"{app.capabilities.label} account {connection.account_id} is disconnected.",
            remedy=f"Install the app in {app.capabilities.label} again.",
        )
    return opened(services, connection, TokenSource(services, app, connection), realtime=realtime)


def opened(services: Services, connection: CrmConnection, source: Source, *, realtime: bool = False) -> CrmAdapter:
    """Open a connection with the tokens of a source; raises ``ElsewhereError`` for one of another region."""
    with services.store.reading(connection.tenant_id) as session:
        regions.require(services, session, connection.tenant_id)
    app = app_of(services, connection.vendor)
    limited = connection.limited_as or connection.account_id
    kind = "realtime" if realtime else "bulk"
    governed = services.lane(connection.vendor, limited, app.capabilities, realtime=realtime)
    used = partial(services.meter.add, connection.tenant_id, f"{CALLS}{connection.vendor}")
    lane = MeteredLane(governed, services.counts, services.clock, connection.vendor, kind, used)
    return app.connect(
        Access(
            connection_id=str(connection.id),
            account_id=connection.account_id,
            scopes=connection.scopes,
            token=source.token,
            refused_token=source.refused,
            lane=lane,
            now=services.clock.now,
            field_names=connection.field_names,
            api_origin=connection.api_origin,
            webhook_url=services.hooks.of(connection.vendor, connection.id),
            former_webhook_urls=services.hooks.former(connection.vendor, connection.id),
            verifies=connection.verifies,
            grant_token=source.grant,
            options=connection.options,
            sleep=services.clock.sleep,
            answered=lane.answered,
            job_begun=partial(write_jobs.begun, services, connection),
            job_named=partial(write_jobs.named, services, connection),
            job_over=partial(write_jobs.over, services, connection),
        )
    )
