"""Salesforce before any org of it is known: installation, call-outs, what it can do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from connector.adapters.contract import Access, AppCredentials, Budget, Capabilities, CrmAdapter, CrmApp, Delivery
from connector.adapters.hosts import is_local_origin, require_base
from connector.adapters.page_sizes import PageSizes
from connector.adapters.salesforce import webhooks
from connector.adapters.salesforce.adapter import SalesforceAdapter
from connector.adapters.salesforce.channel import TIMEOUT
from connector.adapters.salesforce.hosts import (
    INSTANCE_HOSTS,
    LOGIN_DOMAIN,
    LOGIN_HOSTS,
    LOGINS,
    login_origin,
)
from connector.adapters.salesforce.installing import opened
from connector.adapters.salesforce.oauth import OAuth
from connector.adapters.salesforce.org import RETRIEVE
from connector.adapters.salesforce.score_values import SCORE_PLACES
from connector.adapters.salesforce.score_writes import LARGEST_BATCH
from connector.adapters.salesforce.session import CONCURRENT, POLLS, Session
from connector.errors import RejectedInput
from connector.records import Grant, Tokens, WebhookHint

CAPABILITIES = Capabilities(
    label="Salesforce",
    # There is no limit a second. Of the 25 requests that may run for 20 s and more at one time (Limits
    # Quick Reference, "API Request Limits and Allocations") five are left to the customer's others; a
    # Bulk job is asked for its state every two seconds at most, since each question is a request of the day.
    budgets=(Budget(CONCURRENT, 20, 0.0), Budget(POLLS, 1, 2.0)),
    write_batch=LARGEST_BATCH,
    score_places=SCORE_PLACES,
    read_batch=RETRIEVE,
    property_history=True,
    webhooks=True,
    refresh_tokens=True,
    pkce=True,
    scopes={
        "api": "read leads, contacts and their activities, and write the scores",
        "refresh_token": "go on working after the session of the installation has ended",
        "id": "know which org and user gave the permission",
    },
    optional_scopes={},
    logins=LOGINS,
    login_domain=LOGIN_DOMAIN,
    # Asked of every app with more than two customers: refresh tokens end after 30 idle days, anew after each use.
    grant_idle=timedelta(days=30),
    # Where the org does not push: 1,440 requests of a quiet day (a bare Enterprise org has 100,000), and two more for
    # each look that finds a change, be it ours.
    look_seconds=60.0,
    admin_webhook=True,
    reads=(
        "Leads, contacts and their accounts: every field that the user may see who connects.",
        "The dates of former values, where the org tracks a field's history.",
        "Opportunities with their stages, campaign responses, and that tasks, meetings and e-mails happened, and when.",
    ),
    writes=(
        "Into leads and contacts: score, chance, tier, reasons, model and time, in six fields of our own.",
        "Once, where our package is not installed: the six fields and a permission set for them.",
    ),
    never=(
        "Never read: the subject, text or address of any e-mail, task or meeting, nor any file.",
        "Never done: creating, merging or deleting a lead or contact, changing an owner, and sending anything.",
    ),
    write_effects=(
        "Each write moves SystemModstamp and LastModifiedDate, and sets LastModifiedById to the connected user: "
        "“recently modified” views, reports and other integrations see a change.",
        "The org's own triggers, flows and validation rules run; assignment rules do not, so nobody's owner changes.",
        "Where a score field is tracked or followed, each new score is a line of the history or the feed.",
    ),
    listener_checks=(
        "Setup → Flows: record-triggered flows on Lead and Contact that run when a record is updated.",
        "Setup → Apex Triggers, Workflow Rules and Process Builder on Lead and Contact: no app reads what they do.",
        "Account Engagement, Data Cloud and other integrations that copy changed leads and contacts.",
        "Marketing Cloud journeys that start by a change of a Lead or Contact.",
    ),
)


class SalesforceApp(CrmApp):
    """Our app at Salesforce."""

    name: str = "salesforce"
    capabilities: Capabilities = CAPABILITIES
    timeout: ClassVar[tuple[float, float]] = TIMEOUT

    def __init__(self, credentials: AppCredentials) -> None:
        """Check that tokens can only go to Salesforce or a local sandbox; raise ``SettingsError`` otherwise."""
        self._pages = PageSizes()
        self._login_base: str | None = None
        self._api_base: str | None = None
        if credentials.authorize_base:
            self._login_base = require_base("The Salesforce sign-in address", credentials.authorize_base, LOGIN_HOSTS)
        if credentials.api_base:
            self._api_base = require_base("The Salesforce API address", credentials.api_base, INSTANCE_HOSTS)
        self._oauth = OAuth(credentials, self._api_base)

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        """Return the address of the org's consent page."""
        if code_verifier is None:
            raise RejectedInput("The installation at Salesforce needs a code verifier. Start the installation again.")
        return self._oauth.authorize_url(self._login(login), state, code_verifier, tuple(self.capabilities.scopes))

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        """Trade the code for tokens; the org is the one that the grant names and that the token opens."""
        tokens, origin, org_id, user_id = self._oauth.exchange(self._login(login), code, code_verifier or "")
        account = opened(tokens, origin, org_id, now, self.timeout)
        if account.account_id != org_id:
            raise RejectedInput("Salesforce named two different orgs. Start the installation again.")
        return Grant(account, tokens, user_id)

    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        """Return fresh tokens, the refresh token rotated if need be; raise ``Disconnected`` when the grant is gone."""
        origin = self._oauth.instance(api_origin) if api_origin else self._login(None)
        return self._oauth.refresh(origin, tokens)

    def connect(self, access: Access) -> CrmAdapter:
        """Open one connection. Makes no request."""
        origin = access.api_origin or self._api_base
        if origin is None:
            raise RejectedInput("It is not known where this Salesforce org lives. Connect it again.")
        return SalesforceAdapter(access, Session(access, self._oauth.instance(origin), self.timeout, self._pages))

    def verify_webhook(self, delivery: Delivery, now: datetime) -> None:
        """Raise ``RejectedInput`` unless the delivery came to one connection's address and is signed for it."""
        if delivery.account_id is None:
            raise RejectedInput("Salesforce call-outs go to the address of one connection, which its page shows.")
        webhooks.verify(delivery.secrets, delivery.headers, delivery.body, now)

    def parse_webhook(self, delivery: Delivery) -> Sequence[WebhookHint]:
        """Read a verified delivery."""
        if delivery.account_id is None:
            raise RejectedInput("Salesforce call-outs go to the address of one connection, which its page shows.")
        return webhooks.parse(delivery.account_id, delivery.body)

    def _login(self, login: str | None) -> str:
        """Return where an admin signs in; a local sandbox stands in for every choice, and checks it all the same."""
        chosen = login_origin(login)
        base = self._login_base
        if base is None or (login is not None and not is_local_origin(base)):
            return chosen
        return base
