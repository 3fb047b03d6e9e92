"""What a sandbox is started with: plain frozen values, no environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from connector.sandbox.faults import Fault


@dataclass(frozen=True, slots=True)
class AppRegistration:
    """The app as the vendor knows it.

    ``redirect_uris`` are compared exactly. ``required_scopes`` must all be in the install
    address's ``scope``.
    """

    app_id: int = 1234567
    name: str = "Lead scoring"
    client_id: str = "sandbox-client"
    client_secret: str = field(default="sandbox-secret", repr=False)
    redirect_uris: tuple[str, ...] = ("http://localhost/oauth/callback",)
    required_scopes: tuple[str, ...] = ("oauth", "crm.objects.contacts.read")


@dataclass(frozen=True, slots=True)
class Oauth:
    """Lifetimes in seconds. ``rotate``: each refresh gives a new refresh token, and reuse of an old one revokes."""

    access_seconds: float = 1800.0
    code_seconds: float = 60.0
    rotate: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """Published limits: requests per account in any ``burst_seconds``; search per second."""

    burst: int = 110
    burst_seconds: float = 10.0
    search: int = 5
    search_seconds: float = 1.0
    associations: int = 150
    associations_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Webhooks:
    """Where change notices go.

    ``subscriptions`` are ``contact.creation`` or, for one property, ``contact.propertyChange:jobtitle``.
    ``retry_factor`` scales the 24-hour retry schedule (0.001: within a minute and a half).
    """

    url: str = ""
    subscriptions: tuple[str, ...] = ()
    retry_factor: float = 1.0
    timeout_seconds: float = 5.0


@dataclass(frozen=True, slots=True)
class Portal:
    """One account of the vendor. ``tier``: free, starter, professional or enterprise."""

    portal_id: int = 4711001
    name: str = "Sandbox Industries"
    tier: str = "professional"
    time_zone: str = "UTC"
    currency: str = "EUR"
    unavailable_scopes: tuple[str, ...] = ()
    custom_property_quota: int = 1000


@dataclass(frozen=True, slots=True)
class MailchimpAccount:
    """One Mailchimp account, and the user in it who connects the app.

    ``role``: viewer, author, manager, admin or owner. ``connections`` may be open at one time
    for the user. ``merge_fields`` an audience may have, the four it begins with included.
    ``api_endpoint``: what the metadata name as the API's origin (empty: the sandbox's own).
    ``batch_seconds`` from the hand-in of a batch job to its end. ``signs_webhooks``: hooks made now sign.
    """

    account_id: str = "8d3a3db4d97663a9044efcc16"
    name: str = "Sandbox Industries"
    user_id: int = 4712001
    login_id: str = "24150951"
    role: str = "owner"
    dc: str = "us19"
    api_endpoint: str = ""
    time_zone: str = "UTC"
    currency: str = "EUR"
    connections: int = 10
    merge_fields: int = 30
    batch_seconds: float = 4.0
    signs_webhooks: bool = True


@dataclass(frozen=True, slots=True)
class Org:
    """One Salesforce org.

    ``daily_requests``: the API allowance for any 24 hours, shared with the customer's other integrations.
    ``hidden``: fields that the connected user does not see, as ``Lead.Phone``. ``tracked``: fields whose
    history the admin turned on. ``packaged``: our package with the score fields is installed, under ``namespace``
    where that is not empty. ``instance_url``: what token answers name as the API's origin (empty: the sandbox's own).
    ``job_seconds``: from the closing of a bulk job to its end. ``may_customize``: the connected user may make fields.
    """

    org_id: str = "00DgK0000004711UAA"
    name: str = "Sandbox Industries"
    edition: str = "Enterprise Edition"
    sandbox: bool = False
    api_version: str = "68.0"
    time_zone: str = "UTC"
    daily_requests: int = 100_000
    hidden: tuple[str, ...] = ()
    tracked: tuple[str, ...] = (
        "Lead.Status",
        "Lead.Rating",
        "Lead.Title",
        "Lead.OwnerId",
        "Contact.Title",
        "Contact.OwnerId",
        "Opportunity.StageName",
        "Opportunity.Amount",
        "Opportunity.CloseDate",
    )
    packaged: bool = True
    namespace: str = ""
    instance_url: str = ""
    job_seconds: float = 4.0
    may_customize: bool = True


@dataclass(frozen=True, slots=True)
class PdlAccount:
    """One account of People Data Labs. ``profiles``: domain → fields that differ from the made-up company's."""

    key: str = field(default="sandbox-key", repr=False)
    credits: int = 100_000
    per_minute: int = 1_000
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filling:
    """What the first portal holds: an export's folder, or else a generated population.

    ``contacts`` 0 and no folder: empty. ``mapping`` overrides the folder's mapping file.
    ``now`` is where the generated population ends (default: the sandbox's clock at start).
    ``share``: the part of the population that this CRM knows, chosen by each person's address.
    """

    contacts: int = 0
    seed: int = 7
    now: datetime | None = None
    folder: Path | None = None
    mapping: Path | None = None
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    """Everything about one sandbox server. Port 0 takes a free one."""

    vendor: str = "hubspot"
    host: str = "127.0.0.1"
    port: int = 0
    app: AppRegistration = AppRegistration()
    oauth: Oauth = Oauth()
    limits: Limits = Limits()
    webhooks: Webhooks = Webhooks()
    portals: tuple[Portal, ...] = (Portal(),)
    mailchimp: MailchimpAccount = MailchimpAccount()
    org: Org = Org()
    pdl: PdlAccount = field(default_factory=PdlAccount)
    filling: Filling = Filling()
    latency_seconds: float = 0.02
    index_lag_seconds: float = 2.0
    merge_creates_record: bool = False
    faults: tuple[Fault, ...] = ()
    request_log: Path | None = None
