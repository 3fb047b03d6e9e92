"""One of each secret that a tenant's people and the operator have, made the way they come about."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from connector.adapters.enrichment.registry import PDL
from connector.errors import ConnectorError
from connector.records import Role
from connector.services.access import inviting, sessions
from connector.services.api.keys import Scope
from connector.services.context import Services
from connector.services.digest import sending
from connector.services.enrichment import buying, sources
from connector.services.tracking import sites
from connector.services.webhooks_out import endpoints
from connector.store import users, webhook_endpoints
from tests.unit.web.site import forms

_LOG = logging.getLogger("connector.planting")
KEYS = "/settings/api-keys"
PROVIDERS_KEY = "canary-of-the-provider-" + "k" * 20
MAIL = {
    "CONNECTOR_SMTP_HOST": "127.0.0.1",
    "CONNECTOR_SMTP_PORT": "1",
    "CONNECTOR_SMTP_FROM": "scores@example.com",
    "CONNECTOR_SMTP_USER": "scores",
    "CONNECTOR_SMTP_PASSWORD": "canary-of-the-mail-server-" + "p" * 20,
}
"""Settings of a mail server that nobody answers for: what is told of that must not tell the password."""


@dataclass
class Person:
    """Somebody signed in, whose requests go to the application's own address."""

    client: FlaskClient
    origin: str

    def get(self, path: str) -> TestResponse:
        return self.client.get(path, base_url=self.origin)

    def press(self, page: str, action: str, form: dict[str, object]) -> TestResponse:
        """Send a form of a page, with what the page hides in it."""
        hidden = forms(self.get(page).text)[action]
        headers = {"Referer": self.origin + page}
        return self.client.post(action, data={**hidden, **form}, base_url=self.origin, headers=headers)


def signed_in(services: Services, client: FlaskClient, origin: str, tenant_id: UUID) -> tuple[Person, str]:
    """Return an owner of the tenant at a browser, and the token of that session."""
    with services.store.transaction(tenant_id) as found:
        user = users.add(found, tenant_id, "Ana", Role.OWNER, services.clock.now())
        token = sessions.begin(services, found, user, sessions.BY_CRM)
    with client.session_transaction(base_url=origin) as session:
        session["sign_in"], session["browser"] = token, "some-browser"
    return Person(client, origin), token


def api_key(owner: Person) -> tuple[str, str]:
    """Make an API key that may do everything, on its page; return the secret and the page that shows it this once."""
    answer = owner.press(KEYS, KEYS, {"name": "Reports", "scope": [str(scope) for scope in Scope]})
    (secret,) = set(re.findall(r"lsk_[0-9a-f]{12}_[\w-]{20,}", answer.text))
    return secret, answer.text


def others(services: Services, tenant_id: UUID) -> set[str]:
    """Make one of each further secret and use what is kept of it; return them."""
    site = sites.add(services, tenant_id, "Second shop", ["https://second.example.com"])
    renewed = sites.replace_secret(services, tenant_id, site.site.id)
    _, invitation = inviting.invite_as_operator(services, tenant_id, "Eve", Role.VIEWER)
    _, accepted = inviting.invite_as_operator(services, tenant_id, "Rui", Role.VIEWER)
    with services.store.reading(tenant_id) as session:
        receiver = webhook_endpoints.of_tenant(session, tenant_id)[0]
    hook = endpoints.renew_secret(services, tenant_id, receiver.id)
    sources.turn_on(services, tenant_id, PDL, key=PROVIDERS_KEY)
    _use(services, tenant_id)
    assert renewed
    assert hook
    signed = inviting.accept(services, accepted)
    return {site.secret, renewed.secret, invitation, accepted, signed, hook.secret, PROVIDERS_KEY}


def _use(services: Services, tenant_id: UUID) -> None:
    """Let a provider and a mail server be asked that do not answer; what that raises is logged as a worker would."""
    attempts: tuple[Callable[[Services, UUID], object], ...] = (buying.run, sending.send_digests)
    for attempt in attempts:
        try:
            attempt(services, tenant_id)
        except ConnectorError:
            _LOG.exception("a turn failed")
