"""HubSpot before any account of it is known: installation, webhooks, what it can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from connector.adapters.contract import (
    Access,
    AppCredentials,
    Budget,
    Capabilities,
    CardAsk,
    CrmAdapter,
    CrmApp,
    Delivery,
)
from connector.adapters.hosts import require_base, trusted
from connector.adapters.hubspot import cards, webhooks
from connector.adapters.hubspot.adapter import HubSpotAdapter
from connector.adapters.hubspot.oauth import OAuth, account_of
from connector.adapters.hubspot.portal import HISTORY_BATCH
from connector.adapters.hubspot.score_values import SCORE_PLACES
from connector.adapters.hubspot.score_writes import LARGEST_BATCH
from connector.adapters.hubspot.session import TIMEOUT, Session
from connector.adapters.page_sizes import PageSizes
from connector.errors import RejectedInput
from connector.records import Grant, Tokens, WebhookHint

API = "https://api.hubapi.com"
UI = "https://app.hubspot.com"
API_HOSTS = (r"api\.hubapi\.com", r"api\.hubspot\.com")
UI_HOSTS = (r"app(-[a-z]{2}\d)?\.hubspot\.com",)
"""HubSpot's hosts; ``app-eu1`` and the like are its regions."""

CAPABILITIES = Capabilities(
    label="HubSpot",
    # The limits of an app with marketplace distribution; that of associations is the lowest tier's
    # (https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines). Of the published
    # burst of 110 two are left for the question at an installation, which no governor sees.
    budgets=(Budget("burst", 108, 10.0), Budget("search", 3, 1.0), Budget("associations", 100, 10.0)),
    write_batch=LARGEST_BATCH,
    score_places=SCORE_PLACES,
    read_batch=HISTORY_BATCH,
    property_history=True,
    webhooks=True,
    refresh_tokens=True,
    pkce=False,
    scopes={
        "oauth": "identify the account and uninstall on request",
        "crm.objects.contacts.read": "read the leads and their activities",
        "crm.objects.contacts.write": "write scores to the leads",
        "crm.schemas.contacts.read": "know the lead's fields",
        "crm.schemas.contacts.write": "make the score fields",
    },
    optional_scopes={
        "crm.objects.companies.read": "use what is known of a lead's company",
        "crm.schemas.companies.read": "know the company's fields",
        "crm.objects.deals.read": "learn from deals won and lost",
        "crm.schemas.deals.read": "tell won stages from lost ones",
        "sales-email-read": "use e-mails between sellers and leads (their times, never their text)",
        "content": "use opens and clicks of marketing e-mails",
        "forms": "use form submissions",
        "automation": "list the workflows that a score would set off, before the first is written",
    },
    reads=(
        "Contacts: every field that HubSpot lets an app read, with the dates of its former values.",
        "With the optional permissions: companies, deals with their stages, marketing e-mails that were opened or "
        "clicked, forms that were submitted.",
        "That e-mails, calls, meetings, notes and tasks happened, and when; page views where HubSpot offers them.",
    ),
    writes=(
        "Into contacts: score, chance, tier, reasons, model and time, in six fields of our own.",
        "Once: the group and the six fields. No other field, and no other object, is ever written.",
    ),
    never=(
        "Never read: the subject or text of any e-mail, note, call, meeting or task, nor any file.",
        "Never done: creating, merging or deleting a contact, and sending anything to anybody.",
    ),
    write_effects=(
        "Each write moves the contact's “Last modified date”: views, lists and workflows that go by it see a change.",
        "The score's history in HubSpot names this app as its source.",
    ),
    listener_checks=(
        "Automation → Workflows: filter by “Enrollment trigger” and look for the properties of the group Lead score, "
        "and for “Last modified date”.",
        "Contacts → Lists: active lists with a filter on these properties; workflows and ads may start by membership.",
        "Marketing → Email: automated e-mails that are sent by such a list.",
    ),
)


class HubSpotApp(CrmApp):
    """Our app at HubSpot."""

    name: str = "hubspot"
    capabilities: Capabilities = CAPABILITIES
    timeout: ClassVar[tuple[float, float]] = TIMEOUT

    def __init__(self, credentials: AppCredentials) -> None:
        """Check that tokens can only go to HubSpot or a local sandbox; raise ``SettingsError`` otherwise."""
        self._api_base = require_base("The HubSpot API address", credentials.api_base or API, API_HOSTS)
        self._ui_base = require_base("The HubSpot sign-in address", credentials.authorize_base or UI, UI_HOSTS)
        self._credentials = credentials
        self._pages = PageSizes()
        self._oauth = OAuth(credentials, self._ui_base, self._api_base)

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        """Return the address of HubSpot's consent page."""
        required, optional = self.capabilities.scopes, self.capabilities.optional_scopes
        return self._oauth.authorize_url(state, tuple(required), tuple(optional))

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        """Trade the code for tokens; the account is the one that the token names."""
        tokens, account_id, user_id = self._oauth.exchange(code, now)
        details = self._oauth.account(tokens.access_token)
        account = account_of(details, self._ui_url(details))
        if account.account_id != account_id:
            raise RejectedInput("HubSpot named two different accounts. Start the installation again.")
        return Grant(account, tokens, user_id)

    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        """Return fresh tokens; raise ``Disconnected`` when the grant is gone."""
        return self._oauth.refresh(tokens, now)

    def connect(self, access: Access) -> CrmAdapter:
        """Open one connection. Makes no request."""
        session = Session(access, self._api_base, self.timeout, self._pages)
        return HubSpotAdapter(access, session, self._ui_base)

    def verify_webhook(self, delivery: Delivery, now: datetime) -> None:
        """Raise ``RejectedInput`` unless HubSpot signed exactly this request.

        HubSpot signs the public address that it was given; behind a proxy the delivery's is another one,
        so the configured address is what counts.
        """
        public = self._credentials.webhook_url or delivery.url
        secret = self._credentials.client_secret
        webhooks.verify(secret, delivery.method, public, delivery.headers, delivery.body, now=now)

    def parse_webhook(self, delivery: Delivery) -> Sequence[WebhookHint]:
        """Read a verified delivery."""
        return webhooks.parse(delivery.body)

    def card_request(self, delivery: Delivery, now: datetime) -> CardAsk:
        """Return whom HubSpot says that it asks for; raise ``RejectedInput`` unless it signed exactly this request."""
        webhooks.verify(
            self._credentials.client_secret, delivery.method, delivery.url, delivery.headers, delivery.body, now=now
        )
        return cards.asked(delivery.url)

    def _ui_url(self, details: Mapping[str, object]) -> str:
        told = f"https://{details.get('uiDomain')}"
        return told if trusted(told, base=self._ui_base, patterns=UI_HOSTS) else self._ui_base
