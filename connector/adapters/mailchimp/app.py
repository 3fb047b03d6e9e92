"""Mailchimp before any account of it is known: installation, webhooks, what it can do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from connector.adapters.contract import Access, AppCredentials, Budget, Capabilities, CrmAdapter, CrmApp, Delivery
from connector.adapters.hosts import origin_of, require_base
from connector.adapters.mailchimp import webhooks
from connector.adapters.mailchimp.adapter import MailchimpAdapter
from connector.adapters.mailchimp.errors import REINSTALL
from connector.adapters.mailchimp.journeys import OPTIONS
from connector.adapters.mailchimp.oauth import API_HOSTS, OAuth, require_role
from connector.adapters.mailchimp.score_values import SCORE_PLACES
from connector.adapters.mailchimp.score_writes import LARGEST_BATCH
from connector.adapters.mailchimp.session import AT_ONCE, CONNECTIONS, Session
from connector.adapters.mailchimp.transport import TIMEOUT
from connector.adapters.page_sizes import PageSizes
from connector.errors import Disconnected, NeedsAdmin
from connector.records import Grant, Tokens, WebhookHint

LOGIN = "https://login.mailchimp.com"
LOGIN_HOSTS = (r"login\.mailchimp\.com",)
API = "https://us1.api.mailchimp.com"
"""Any data centre: it only says that real ones are meant. Each account names its own."""

CAPABILITIES = Capabilities(
    label="Mailchimp",
    # Mailchimp allows a user ten open connections over all apps and keys; the rest are for the customer's other ones
    # (https://mailchimp.com/developer/marketing/docs/fundamentals/#throttling). Nothing else is limited.
    budgets=(Budget(CONNECTIONS, AT_ONCE, 0.0),),
    write_batch=LARGEST_BATCH,
    score_places=SCORE_PLACES,
    # A member a request: they go side by side.
    read_batch=1,
    property_history=False,
    revocable=False,
    webhooks=True,
    refresh_tokens=False,
    pkce=False,
    # A token can do what the user can who allowed it; there is nothing to choose.
    scopes={},
    optional_scopes={},
    options=OPTIONS,
    reads=(
        "Audiences with their fields, contacts and tags.",
        "Campaigns and classic automations that were sent: who got, opened and clicked them, and who left.",
        "Orders of connected stores: they are the conversions.",
    ),
    writes=(
        "Into contacts: one field with the score and the tag High-Intent, which is taken away again.",
        "Once in each audience: that field, that tag and a webhook that tells us of changes.",
        "Only if you turn it on: contacts are added to the step of a flow that you name.",
    ),
    never=(
        "Never read: IP addresses and positions of contacts.",
        "Never done: creating, subscribing, unsubscribing, archiving or deleting a contact, and sending any mail.",
    ),
    write_effects=(
        "Each new score moves the contact's “last changed” date and is a change of the profile: integrations and "
        "webhooks that listen to profile updates are told of it.",
        "The tag High-Intent is added and removed; automation flows may start by either. In an audience's first day "
        "tags are given silently, without starting any.",
    ),
    listener_checks=(
        "Automations → All automations: flows that start by “Tag added” or “Tag removed” with the tag High-Intent, or "
        "by a change of the score's audience field. No app can read them.",
        "Audience → Segments: segments with a condition on the score or the tag, and campaigns that go to them.",
    ),
)


class MailchimpApp(CrmApp):
    """Our app at Mailchimp."""

    name: str = "mailchimp"
    capabilities: Capabilities = CAPABILITIES
    timeout: ClassVar[tuple[float, float]] = TIMEOUT

    def __init__(self, credentials: AppCredentials) -> None:
        """Check that tokens can only go to Mailchimp or a local sandbox; raise ``SettingsError`` otherwise."""
        api_base = require_base("The Mailchimp API address", credentials.api_base or API, API_HOSTS)
        login_base = require_base("The Mailchimp sign-in address", credentials.authorize_base or LOGIN, LOGIN_HOSTS)
        self._oauth = OAuth(credentials, login_base, api_base)
        self._pages = PageSizes()

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        """Return the address of Mailchimp's consent page."""
        return self._oauth.authorize_url(state)

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        """Trade the code for a token and learn where its account lives.

        Raises ``RejectedInput`` for a bad code, for a user who may not write, and where the account is said to
        live anywhere but at Mailchimp: the token is then not sent there.
        """
        tokens = self._oauth.exchange(code)
        metadata = self._oauth.metadata(tokens.access_token)
        require_role(metadata.get("role"))
        origin = self._oauth.origin(metadata)
        account, user_id = self._oauth.account(origin, tokens.access_token)
        return Grant(account, tokens, user_id)

    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        """Return the same tokens if they are still good: there are no others.

        Raises ``Disconnected`` where the grant is gone, and where the account has moved to another data
        centre, whose address only a new installation brings.
        """
        origin = self._oauth.origin(self._oauth.metadata(tokens.access_token))
        if api_origin is not None and origin != api_origin:
            raise Disconnected("Mailchimp has moved this account to another data centre.", remedy=REINSTALL)
        return tokens

    def connect(self, access: Access) -> CrmAdapter:
        """Open one connection. Makes no request; raises ``NeedsAdmin`` where the account's place is not known."""
        if access.api_origin is None or not self._oauth.good(access.api_origin):
            raise NeedsAdmin("It is not known where this Mailchimp account lives.", remedy=REINSTALL)
        return MailchimpAdapter(access, Session(access, origin_of(access.api_origin), self.timeout, self._pages))

    def verify_webhook(self, delivery: Delivery, now: datetime) -> None:
        """Raise ``RejectedInput`` unless it came to one connection's address and, where its hooks sign, is signed."""
        webhooks.verify(delivery, now)

    def parse_webhook(self, delivery: Delivery) -> Sequence[WebhookHint]:
        """Read a verified delivery."""
        return webhooks.parse(delivery)
