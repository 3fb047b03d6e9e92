"""The vocabulary that adapters, the store and the services share.

Plain frozen dataclasses: no I/O, no vendor. Times are timezone-aware UTC; ids of
vendors are opaque strings; amounts are :class:`~decimal.Decimal`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum


class FieldType(StrEnum):
    """The type of a CRM field, in the terms that automatic features are chosen by."""

    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    MULTI = "multi"
    TEXT = "text"


class EventKind(StrEnum):
    """What happened with a lead."""

    PAGE_VIEW = "page_view"
    FORM_SUBMITTED = "form_submitted"
    EMAIL_SENT = "email_sent"
    EMAIL_OPENED = "email_opened"
    EMAIL_CLICKED = "email_clicked"
    EMAIL_REPLIED = "email_replied"
    EMAIL_BOUNCED = "email_bounced"
    UNSUBSCRIBED = "unsubscribed"
    MEETING = "meeting"
    CALL = "call"
    NOTE = "note"
    TASK = "task"
    CAMPAIGN_RESPONSE = "campaign_response"
    ORDER = "order"
    DOWNLOAD = "download"
    CUSTOM = "custom"


class Actor(StrEnum):
    """Who made an engagement event happen."""

    LEAD = "lead"
    SELLER = "seller"
    MACHINE = "machine"


class FieldRole(StrEnum):
    """What a field means to the product, whatever a vendor calls it."""

    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    JOB_TITLE = "job_title"
    COMPANY_NAME = "company_name"
    STAGE = "stage"
    LEAD_STATUS = "lead_status"
    OPTED_OUT = "opted_out"
    BOUNCED = "bounced"
    SOURCE = "source"
    OWNER = "owner"


class Tier(StrEnum):
    """The band of a score."""

    HIGH_INTENT = "High-Intent"
    MEDIUM = "Medium"
    LOW = "Low"


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A field of a CRM's person or company object.

    ``system`` fields mean the outcome or the process itself (stage, status, owner,
    close date); they are never a model's input. ``own`` fields are those that the
    connector writes. ``excludes`` maps a value to the reason why a lead with it is not in
    the population (``{"UNQUALIFIED": "disqualified"}``). ``options`` maps a choice's value to
    what people read. ``history``: the CRM dates the field's values. Where it does not, a value is known
    only from when it was first read, and what it was before is an assumption.
    """

    name: str
    label: str
    type: FieldType
    options: Mapping[str, str] = field(default_factory=dict)
    system: bool = False
    own: bool = False
    personal: bool = False
    company: bool = False
    role: FieldRole | None = None
    excludes: Mapping[str, str] = field(default_factory=dict)
    history: bool = True


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """A field took ``value`` at ``at`` (None: it was cleared).

    ``observed``: ``at`` is when it was read, because the CRM's own dates of it are not to be
    believed; reading the same value again is no change.
    """

    record_id: str
    name: str
    value: str | None
    at: datetime
    observed: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A CRM's own object for a person.

    ``properties`` holds current values as text, only those that are filled.
    ``merged_ids`` are ids of this CRM that now resolve to this record. ``same_as`` are ids of
    other records that are the same person by the CRM's own word (a lead and the contact that it
    was converted into). ``company_since``: when the record came to its company, where the CRM tells
    and that was later than its creation. ``values_since``: since when what this record alone tells can be known,
    where the person was known before, as another record.
    """

    record_id: str
    email: str | None
    created_at: datetime
    modified_at: datetime
    properties: Mapping[str, str]
    company_id: str | None = None
    merged_ids: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()
    company_since: datetime | None = None
    values_since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """A CRM's company or account."""

    company_id: str
    name: str | None
    domain: str | None
    properties: Mapping[str, str]
    modified_at: datetime


@dataclass(frozen=True, slots=True)
class EngagementEvent:
    """Something that happened at a time; unique by (connection, source, source_id).

    The person is named by ``record_id`` or, where the vendor knows only an address
    (marketing e-mail events), by ``email``.
    """

    source: str
    source_id: str
    kind: EventKind
    at: datetime
    actor: Actor
    record_id: str | None = None
    email: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """An outcome as the CRM tells it; which kinds count is the tenant's goal.

    ``kind`` is one of ``deal_won``, ``deal_lost``, ``stage:<value>``, ``order``.
    ``at`` is None where the CRM knows that it happened but not when. ``source_id`` is the id of the
    CRM's own object for it, alone or followed by a colon and what tells its outcomes apart.
    """

    source: str
    source_id: str
    kind: str
    at: datetime | None
    record_id: str
    amount: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class Retraction:
    """An object of the CRM whose outcomes hold no longer, but for those that the same page tells.

    ``object_id`` is what the ``source_id`` of its conversions is or begins with.
    """

    source: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Census:
    """Which records the account has: finds what left or came without any trace in a change feed.

    ``since`` is when the counting began, ``present`` are the ids that this page counted, ``complete``
    says that it was the last. A record that nobody named since then is read again, and one that was
    counted but is not known too: the count itself is never believed.
    """

    since: datetime
    present: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """A record that left the CRM.

    ``erased`` means the person asked to be forgotten: everything of theirs goes.
    ``merged_into`` is the surviving record of a merge.
    """

    record_id: str
    at: datetime
    erased: bool = False
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Stream:
    """A series of pages of one kind of thing.

    ``needs_records``: its pages name persons, so records must be read first.
    """

    name: str
    label: str
    needs_records: bool = True


@dataclass(frozen=True, slots=True)
class Rejection:
    """One thing of a page that could not be read, with the reason; its neighbours are kept."""

    stream: str
    vendor_id: str
    reason: str


Cursor = Mapping[str, object]
"""How far a stream has been read: JSON of the adapter's own making, opaque to everyone else."""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a stream, normalised, with the cursor that follows it.

    ``drained`` says that nothing more is to be read now; the cursor then is where the
    next sync starts. ``expected`` is the vendor's count for the whole stream, if known.
    """

    cursor: Cursor
    drained: bool
    records: tuple[Record, ...] = ()
    companies: tuple[Company, ...] = ()
    changes: tuple[PropertyChange, ...] = ()
    events: tuple[EngagementEvent, ...] = ()
    conversions: tuple[Conversion, ...] = ()
    retractions: tuple[Retraction, ...] = ()
    removals: tuple[Removal, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    census: Census | None = None
    expected: int | None = None
    unavailable: str | None = None
    """Why the account can't offer this stream (missing scope, tier), in a sentence."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """An account's OAuth tokens. ``expires_at`` is None where they do not expire."""

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_at: datetime | None
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """The installed CRM account, as its own API describes it.

    ``api_origin`` is where its API lives, for vendors that have many places. ``limited_as`` is whom the vendor's
    limits count, where that is not the account: several accounts of one user then share them.
    """

    account_id: str
    name: str
    ui_url: str
    time_zone: str
    currency: str | None = None
    api_origin: str | None = None
    limited_as: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What an installation brings: the account, its tokens and the CRM's id of the user who consented.

    ``user_id`` is None where the vendor did not tell.
    """

    account: Account
    tokens: Tokens
    user_id: str | None = None


class Role(StrEnum):
    """What a user is to a tenant, the least first. Each may do what those before may."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    ADMIN = "admin"
    OWNER = "owner"


class Scale(StrEnum):
    """What the number that is written of a score goes up to."""

    HUNDRED = "100"
    UNIT = "1"


@dataclass(frozen=True, slots=True)
class ScoreValues:
    """What is written beside a record: one score with its meaning.

    ``score`` is 0–100 (one decimal at most) whatever the ``scale``, ``probability`` the calibrated chance,
    ``reasons`` plain sentences, ``model`` the model version.
    """

    score: Decimal
    probability: Decimal
    tier: Tier
    reasons: tuple[str, ...]
    model: str
    updated_at: datetime
    scale: Scale = Scale.HUNDRED

    def number(self, places: int) -> Decimal:
        """Return the number that is written: the score to so many ``places`` of a point, on its scale."""
        points = self.score.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
        return points if self.scale is Scale.HUNDRED else points / 100


@dataclass(frozen=True, slots=True)
class ScoreWrite:
    """One record's values on their way to the CRM.

    ``marks`` are what the adapter asked to be kept when the record was last written.
    """

    record_id: str
    values: ScoreValues
    marks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listener:
    """An automation of the CRM that a change of our fields may set off.

    ``kind`` is what the CRM calls it ("workflow", "flow"), ``listens_to`` the fields or tags by which it does,
    ``url`` its page in the CRM, if that is known. One that is not ``active`` does nothing now.
    """

    name: str
    kind: str
    active: bool
    listens_to: tuple[str, ...]
    url: str | None = None


class WriteOutcome(StrEnum):
    """What became of one record's write."""

    WRITTEN = "written"
    RETRY = "retry"
    NEEDS_ADMIN = "needs_admin"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The CRM's answer for one record; ``message`` is for the admin.

    A record that was written may have a message too: what was left undone on purpose. ``marks`` are
    kept with what was written and told with the record's next write: of the adapter's own making, opaque
    to everyone else (None: those from before stay). ``unknown``: it is to be tried again since nobody knows
    whether it was written, or may yet be.
    """

    record_id: str
    outcome: WriteOutcome
    message: str = ""
    marks: Mapping[str, str] | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True)
class WebhookHint:
    """A vendor's word that something changed: a reason to read, never a value to believe."""

    account_id: str
    dedupe_key: str
    kind: str
    record_id: str | None
    occurred_at: datetime
    erased: bool = False
