"""What an account's audiences, campaigns and stores hold. Times are epoch milliseconds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

STATUSES = ("subscribed", "unsubscribed", "cleaned", "pending", "transactional", "archived")
WRITABLE_STATUSES = STATUSES[:-1]


def subscriber_hash(address: str) -> str:
    """Return the MD5 hash of the address in lower case, by which the API names members."""
    return plain_hash(address.strip().lower())


def plain_hash(text: str) -> str:
    """Return the MD5 hash of a text as it is."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@dataclass(slots=True)
class Note:
    """What a user wrote about a member."""

    note_id: int
    text: str
    created_ms: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class MemberEvent:
    """A custom event of a member. ``syncing``: it started no flow."""

    name: str
    properties: dict[str, Any]
    at_ms: int
    syncing: bool


@dataclass(slots=True)
class Member:
    """One address in one audience.

    ``contact_id`` outlives a change of the address. ``merge`` holds values by tag, empty ones left
    out; ``tags`` when each tag (a static segment's id) was given. ``locked``: the person opted out or
    bounced, so that no API call may subscribe them. ``opened``, ``clicked`` and ``received`` count campaigns.
    ``hash_of``: what the hash is made of where that is not the address in lower case.
    """

    list_id: str
    contact_id: str
    web_id: int
    email: str
    status: str
    created_ms: int
    changed_ms: int
    merge: dict[str, Any] = field(default_factory=dict)
    tags: dict[int, int] = field(default_factory=dict)
    hash_of: str = ""
    phone: str = ""
    opted_in_ms: int | None = None
    language: str = ""
    email_type: str = "html"
    vip: bool = False
    source: str = "API - Generic"
    country_code: str = ""
    unsubscribe_reason: str = ""
    locked: bool = False
    notes: list[Note] = field(default_factory=list)
    events: list[MemberEvent] = field(default_factory=list)
    received: int = 0
    opened: int = 0
    clicked: int = 0
    orders: int = 0
    spent: Decimal = Decimal(0)

    @property
    def hash(self) -> str:
        """The member's id in the API, which follows the address."""
        return plain_hash(self.hash_of) if self.hash_of else subscriber_hash(self.email)


@dataclass(slots=True)
class MergeField:
    """A column of an audience."""

    merge_id: int
    tag: str
    name: str
    type: str
    required: bool = False
    public: bool = True
    default_value: str = ""
    help_text: str = ""
    display_order: int = 0
    choices: tuple[str, ...] = ()


@dataclass(slots=True)
class Segment:
    """A static segment; to users, a tag. Who is in it stands with the members."""

    segment_id: int
    name: str
    created_ms: int
    updated_ms: int


@dataclass(slots=True)
class Journey:
    """An automation flow with a step that the API may trigger, for contacts of one audience."""

    journey_id: int
    step_id: int
    list_id: str
    turned_on: bool = True


@dataclass(slots=True)
class Automation:
    """A classic automation, turned on at ``started_ms``; ``emails`` are the campaigns that it sends, in their order.

    ``segment`` are the conditions that it chooses its contacts by, as the API takes them.
    """

    workflow_id: str
    list_id: str
    title: str
    started_ms: int
    emails: list[str] = field(default_factory=list)
    status: str = "sending"
    segment: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowStart:
    """A member entered an automation flow. ``by``: tag, event, journey or automation; ``name`` says which."""

    at_ms: int
    by: str
    name: str
    list_id: str
    contact_id: str


@dataclass(frozen=True, slots=True)
class Act:
    """What a recipient did with a campaign: open, click, bounce (``detail``: hard or soft) or unsubscribe."""

    at_ms: int
    kind: str
    url: str = ""
    proxy: bool = False
    detail: str = ""


@dataclass(slots=True)
class Receipt:
    """A campaign's copy to one member, and what came of it, in order of time."""

    member: Member
    acts: list[Act] = field(default_factory=list)


@dataclass(slots=True)
class Campaign:
    """One mailing. ``receipts`` by contact id, in order of sending."""

    campaign_id: str
    web_id: int
    list_id: str
    title: str
    created_ms: int
    sent_ms: int | None = None
    kind: str = "regular"
    """``automation``: an e-mail of a classic automation, ``sent_ms`` from when on it is sent to one after another."""
    receipts: dict[str, Receipt] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """``sent``, or ``save`` while it is a draft."""
        return "save" if self.sent_ms is None else "sent"


@dataclass(slots=True)
class Order:
    """One order as its store keeps it: the body of the call that made it."""

    order_id: str
    store_id: str
    customer_id: str
    body: dict[str, Any]


@dataclass(slots=True)
class Store:
    """A shop, bound to one audience for good. ``customers`` by their own id."""

    store_id: str
    list_id: str
    name: str
    currency: str
    created_ms: int
    customers: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of a batch job. ``params`` are its query, ``body`` JSON as text."""

    method: str
    path: str
    params: dict[str, str]
    body: str
    operation_id: str


@dataclass(frozen=True, slots=True)
class OperationResult:
    """What an operation was answered. ``response`` is JSON as text."""

    operation_id: str
    status_code: int
    response: str


@dataclass(slots=True)
class Job:
    """A batch job. ``begins_at`` is monotonic: jobs run one after another. ``results`` None: it has not run yet."""

    job_id: str
    operations: tuple[Operation, ...]
    submitted_ms: int
    begins_at: float
    results: list[OperationResult] | None = None
    keys: dict[str, float] = field(default_factory=dict)
    """Key of a download address → when it ends, monotonic."""
