"""What a CRM must offer to the rest of the product.

:class:`CrmApp` needs no tenant: OAuth, webhook signatures, declared capabilities.
:class:`CrmAdapter` is one connection: reads and writes. An ability that a vendor does
not have is refused by name (:class:`~connector.errors.NotSupported`), never dropped.

Adapters translate, they do not decide: a vendor's paging, limits, date formats, ids
and error shapes end here. Every method that talks to the vendor may raise
``RetryLater``, ``NeedsAdmin``, ``MissingPermission`` or ``Disconnected``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from connector.clock import SystemClock
from connector.errors import NeedsAdmin, NotSupported
from connector.records import (
    Account,
    Cursor,
    FieldDefinition,
    Grant,
    Listener,
    Page,
    Scale,
    ScoreValues,
    ScoreWrite,
    Stream,
    Tokens,
    WebhookHint,
    WriteResult,
)


@dataclass(frozen=True, slots=True)
class Usage:
    """What the vendor said of a budget in an answer: ``used`` of ``limit`` requests, by whomever.

    ``seconds`` passed since the answered request was sent: the vendor counted somewhere in between.
    """

    used: int
    limit: int
    seconds: float


class Lane(Protocol):
    """The rate governor of one account, as an adapter sees it.

    ``budget`` names one of the vendor's published budgets (``"burst"``, ``"search"``).
    """

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        """Wait until one request may be sent under ``budget``; raise ``RetryLater`` if that is too far off.

        ``writes``: with it our values reach the CRM. In the real-time lane such a request goes before those that
        read, and it is the last moment at which a worker that stood still is kept from sending old ones
        (``LostLease``): nothing is waited for between this and the request.
        """
        ...

    def settle(self, budget: str) -> None:
        """Tell that an acquired request was answered or failed: from now on it ages out of the window."""
        ...

    def penalise(self, budget: str, seconds: float) -> None:
        """Stop everyone on this account's ``budget`` for ``seconds``: the vendor said no."""
        ...

    def told(self, budget: str, usage: Usage | None) -> None:
        """Pass on what the vendor said of ``budget``, before the answered request is settled.

        What others take of it is left to them from then on. None: a request was refused for coming too often, and
        the vendor gave no figures.
        """
        ...

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        """Count requests against what this account may take of a daily ``allowance``.

        ``limit`` is the number for any 24 hours, as the adapter learned it from the vendor; None where it has not
        yet, then what another worker learned counts, if anything.
        Raises ``RetryLater`` where it is used up; then nothing is counted.
        """
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """A published limit: ``requests`` in any ``seconds``; 0 seconds: that many at one time."""

    name: str
    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Option:
    """Something that an admin may turn on for one account by giving it a value; off by default.

    ``explanation`` says what then happens, ``pattern`` is a regular expression that a value matches whole,
    ``hint`` says where the value is found.
    """

    label: str
    explanation: str
    pattern: str
    hint: str


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an adapter declares; the support table of the docs is printed from it."""

    label: str
    budgets: tuple[Budget, ...]
    write_batch: int
    property_history: bool
    webhooks: bool
    refresh_tokens: bool
    pkce: bool
    scopes: Mapping[str, str]
    """scope → why it is asked for."""
    optional_scopes: Mapping[str, str]
    logins: Mapping[str, str] = field(default_factory=dict)
    """Where an admin may sign in, name → label. Empty: there is one place only."""
    login_domain: str = ""
    """Where an account may have a sign-in host of its own: what its name ends in (``.my.vendor.com``)."""
    grant_idle: timedelta | None = None
    """How long a refresh token may lie unused before the vendor ends the grant; None: for ever."""
    look_seconds: float | None = None
    """Seconds between quick looks (``changed_since``) at an account that does not push; None: there is no such look."""
    admin_webhook: bool = False
    """The admin enters the connection's webhook address, and a signing secret of ours, in the CRM."""
    options: Mapping[str, Option] = field(default_factory=dict)
    """What an admin may turn on for an account, by name."""
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    """What is read, what is written and what is neither read nor done, in sentences for who is asked to connect."""
    write_effects: tuple[str, ...] = ()
    """What a write touches beside our fields, in sentences for the admin: dates of the last change above all."""
    listener_checks: tuple[str, ...] = ()
    """What the admin should look at before the first scores are written, because no app can read it."""
    revocable: bool = True
    """Whether an app can give its grant back; where not, only the account's user ends it."""
    score_places: int = 1
    """Decimals of a point that the score's field is given."""
    read_batch: int = 50
    """How many persons one call of ``read_records`` reads best: more go side by side, in calls of this size."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Something that a vendor pushed, as it arrived.

    ``account_id`` is known when it came to the address of one connection, which holds a secret of
    ours; ``secrets`` are then the signing secrets that the vendor gave for that connection's hooks.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    account_id: str | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CardAsk:
    """Who asks from a card or page inside a CRM: which account, and which of its users (the CRM's id of them)."""

    account_id: str
    user_id: str


@dataclass(frozen=True, slots=True)
class Access:
    """What opening a connection takes.

    ``token`` is asked before each request and returns a token good for at least the
    vendor's margin; it refreshes when needed (single-flight, see services/tokens).
    ``refused_token`` is told a token that the vendor refused and returns a fresh one.
    ``field_names`` maps our names (``lead_score`` …) to the names found in this account.
    ``api_origin`` is where this account's API lives, if the grant told. ``webhook_url`` is an address
    of this connection alone, ``former_webhook_urls`` those that it had under older keys. ``grant_token`` returns the
    refresh token, if there is one, for vendors whose grant ends by revoking it. ``options`` are the values of those
    options that the admin turned on. ``sleep`` waits for seconds, on the clock of ``now``. ``answered`` is told the
    HTTP status of each request's answer, 0 where none came that could be read. ``verifies`` False: no signing secret
    of a hook to ``webhook_url`` is held, so what an earlier hook signs can't be told from a forgery. ``job_begun`` is
    told a name for each job that brings values, before the vendor may work on it: its id, or where the vendor names it
    only in its answer something by which ``CrmAdapter.stop_job`` finds it all the same. ``job_named`` is told that name
    and the id; ``job_over``, once the job can write nothing any more.
    """

    connection_id: str
    account_id: str
    scopes: tuple[str, ...]
    token: Callable[[], str]
    refused_token: Callable[[str], str]
    lane: Lane
    now: Callable[[], datetime]
    field_names: Mapping[str, str]
    api_origin: str | None = None
    webhook_url: str = ""
    former_webhook_urls: tuple[str, ...] = ()
    grant_token: Callable[[], str | None] = lambda: None
    options: Mapping[str, str] = field(default_factory=dict)
    sleep: Callable[[float], None] = SystemClock().sleep
    answered: Callable[[int], None] = lambda _status: None
    verifies: bool = True
    job_begun: Callable[[str], None] = lambda _job: None
    job_named: Callable[[str, str], None] = lambda _former, _job: None
    job_over: Callable[[str], None] = lambda _job: None


@dataclass(frozen=True, slots=True)
class AppCredentials:
    """The vendor app's own identity and addresses, from settings.

    ``authorize_base`` and ``api_base`` are origins without a path, None for the vendor's own;
    the sandbox is only another pair of origins.
    """

    client_id: str
    client_secret: str
    authorize_base: str | None
    api_base: str | None
    redirect_uri: str
    webhook_url: str


class CrmApp(ABC):
    """A vendor, before any account of it is known."""

    name: str
    capabilities: Capabilities

    @abstractmethod
    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        """Return the address of the vendor's consent page.

        ``login`` is one of ``capabilities.logins`` or a host below ``login_domain``; raises
        ``RejectedInput`` for any other.
        """

    @abstractmethod
    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        """Trade an authorisation code for tokens and learn which account gave it.

        Every host that the reply names is checked before a token goes there; raises ``RejectedInput``
        where it is not the vendor's.
        """

    @abstractmethod
    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        """Return fresh tokens; raise ``Disconnected`` when the grant is gone."""

    @abstractmethod
    def connect(self, access: Access) -> CrmAdapter:
        """Open one connection. Makes no request."""

    def verify_webhook(self, delivery: Delivery, now: datetime) -> None:
        """Raise ``RejectedInput`` unless the delivery is the vendor's."""
        raise NotSupported(self.name, "webhook delivery")

    def parse_webhook(self, delivery: Delivery) -> Sequence[WebhookHint]:
        """Read a verified delivery."""
        raise NotSupported(self.name, "webhook delivery")

    def card_request(self, delivery: Delivery, now: datetime) -> CardAsk:
        """Return who sent a request from inside the CRM; raise ``RejectedInput`` unless the vendor vouches for it."""
        raise NotSupported(self.name, "a card inside the CRM")


class CrmAdapter(ABC):
    """One connection of a tenant: reads and writes."""

    writes_in_jobs: ClassVar[bool] = False
    """Whether values may be on their way by a job, which the vendor works on while nobody waits for it."""

    @abstractmethod
    def account(self) -> Account:
        """Ask the vendor which account this is."""

    @abstractmethod
    def fields(self) -> Sequence[FieldDefinition]:
        """Return the definitions of the readable person and company fields."""

    @abstractmethod
    def streams(self) -> Sequence[Stream]:
        """Return the streams of this account; those without ``needs_records`` come first."""

    @abstractmethod
    def read_page(self, stream: str, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor`` (None: from the beginning)."""

    @abstractmethod
    def read_records(self, record_ids: Sequence[str]) -> Page:
        """Read single persons again with their history; ids that are gone become removals."""

    def changed_since(self, at: datetime) -> bool:
        """Tell by a question that costs next to nothing whether anybody but us did something after ``at``.

        Persons and what happens with them count; what is missed is found by the next reading.

        Offered where ``capabilities.look_seconds`` is set; raises ``NotSupported`` elsewhere.
        """
        raise NotSupported(type(self).__name__, "a quick look at changes")

    @abstractmethod
    def ensure_score_fields(self) -> Mapping[str, str]:
        """Create or find the score fields; return our name → name in this account. Idempotent."""

    def subscribe(self) -> Sequence[str]:
        """Let the vendor push changes to ``access.webhook_url``, where each account is asked for it. Idempotent.

        A hook to one of ``access.former_webhook_urls`` is led to that address.
        Returns the signing secrets of hooks that were made now, to be kept for :class:`Delivery`. Without
        ``access.verifies`` a hook that signs is made anew: its secret was told once and got lost.
        """
        return ()

    def listeners(self, field_names: Sequence[str]) -> Sequence[Listener]:
        """Return the account's automations that fields of these names (as in this account) may set off.

        Raises ``NotSupported`` where no app can read them, ``MissingPermission`` where this account's grant does not
        let us: then the admin has ``capabilities.listener_checks`` to go through.
        """
        raise NotSupported(type(self).__name__, "a list of the automations that listen to fields")

    def unfit_for(self, scale: Scale) -> NeedsAdmin | None:
        """Return what the admin has to do before the score's field can hold numbers of a scale; None: nothing.

        To be asked once the fields are there: one that is not yet made will fit.
        """
        return None

    @abstractmethod
    def write_scores(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        """Write one batch (at most ``capabilities.write_batch``) and return a result for each record."""

    @abstractmethod
    def clear_scores(self, record_ids: Sequence[str]) -> Sequence[WriteResult]:
        """Empty our fields in at most ``capabilities.write_batch`` records and return a result for each. Idempotent.

        Whoever lacks the fields already is written; nobody is brought back.
        """

    @abstractmethod
    def read_scores(self, record_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        """Return record id → (our field name → text as the CRM holds it), for read-back."""

    def stop_job(self, job_id: str) -> None:
        """See to it that a job of ours writes nothing from now on: stop it, or find that it has ended or is unknown.

        ``job_id`` is a name that ``Access`` was told.

        Raises one of the error tree, ``RetryLater`` above all, where it may go on.
        """
        raise NotSupported(type(self).__name__, "jobs")

    @abstractmethod
    def rendered(self, values: ScoreValues) -> Mapping[str, str]:
        """Return our field name → the text that :meth:`write_scores` would store."""

    def remove_score_fields(self) -> None:
        """Remove our fields from the account, with every value in them. Idempotent.

        Raises ``NotSupported`` where no app can, and ``NeedsAdmin`` where somebody uses them.
        """
        raise NotSupported(type(self).__name__, "the removal of fields")

    @abstractmethod
    def disconnect(self) -> None:
        """Uninstall the app from the account, as the vendor's listing rules ask."""

    @abstractmethod
    def record_url(self, record_id: str) -> str:
        """Return the address of the record's page in the CRM."""
