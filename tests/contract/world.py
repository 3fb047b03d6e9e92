"""What the conformance suite asks of a vendor's stand-in: the same verbs for every CRM."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from types import MappingProxyType

from connector.adapters.contract import Access, AppCredentials, CrmAdapter, CrmApp, Delivery
from connector.adapters.limits import Governor
from connector.adapters.registry import build
from connector.records import Grant, Tokens
from connector.services.metering import MeteredLane
from connector.telemetry.series import Counts

WEBHOOK = "https://leads.example.com/webhooks/one-connection"
"""Where the vendor is to push, for one connection."""

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Trouble(StrEnum):
    """How a vendor misbehaves."""

    GATEWAY_PAGE = "gateway_page"
    SERVER_ERROR = "server_error"
    DROPPED = "dropped"
    TRUNCATED = "truncated"
    SLOW = "slow"
    THROTTLED = "throttled"


class SharedClock:
    """One virtual time for the product and the stand-in: it passes when somebody sleeps."""

    def __init__(self) -> None:
        self._passed = 0.0
        self._lock = Lock()

    def now(self) -> datetime:
        return START + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return self._passed

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._passed += seconds


@dataclass
class TokenBox:
    """Holds a connection's tokens as the token service does, in memory."""

    app: CrmApp
    clock: SharedClock
    tokens: Tokens
    api_origin: str | None = None
    refreshes: int = field(default=0)

    def token(self) -> str:
        return self.tokens.access_token

    def grant_token(self) -> str | None:
        return self.tokens.refresh_token

    def refused(self, token: str) -> str:
        if token == self.tokens.access_token:
            self.tokens = self.app.refresh(self.tokens, self.clock.now(), self.api_origin)
            self.refreshes += 1
        return self.tokens.access_token


class VendorWorld(ABC):
    """A running stand-in with our app registered, and someone who can do things in the account."""

    name: str
    clock: SharedClock
    credentials: AppCredentials
    at_once: int = 1
    """Requests at one time that fill the vendor's budget: more than one where it limits just that."""
    webhook_url: str = WEBHOOK
    revocable: bool = True
    """Whether the vendor lets an app give its grant back: where not, only what it made can be removed."""
    knows_our_writes: bool = True
    """Whether the vendor tells a write of ours from a change by somebody else."""

    options: Mapping[str, str] = MappingProxyType({})
    """What the admin turned on."""

    def app(self, **changes: str) -> CrmApp:
        """Return our app, with some of its credentials changed."""
        return build(self.name, replace(self.credentials, **changes))

    def install(self) -> Grant:
        """Install our app as a browser would."""
        verifier = "v" * 64
        code, _ = self.consent(self.app().authorize_url("state-1", verifier))
        return self.app().exchange_code(code, verifier, self.clock.now())

    def connect(
        self, grant: Grant | None = None, field_names: Mapping[str, str] | None = None, *, realtime: bool = False
    ) -> CrmAdapter:
        """Open a connection, installing first where no grant is given."""
        grant = grant or self.install()
        app = self.app()
        box = TokenBox(app, self.clock, grant.tokens, grant.account.api_origin)
        account_id = grant.account.account_id
        governed = self.governor.lane(self.name, account_id, app.capabilities.budgets, realtime=realtime)
        lane = MeteredLane(governed, Counts(), self.clock, self.name, "bulk", used=lambda: None)
        return app.connect(
            Access(
                connection_id="connection-1",
                account_id=account_id,
                scopes=grant.tokens.scopes,
                token=box.token,
                refused_token=box.refused,
                lane=lane,
                now=self.clock.now,
                field_names=field_names or {},
                api_origin=grant.account.api_origin,
                webhook_url=self.webhook_url,
                grant_token=box.grant_token,
                options=self.options,
                sleep=self.clock.sleep,
                job_begun=self.jobs.add,
                job_named=self.named,
                job_over=self.jobs.discard,
            )
        )

    def __init__(self) -> None:
        self.clock = SharedClock()
        self.governor = Governor(None, self.clock)
        self.jobs: set[str] = set()

    def named(self, former: str, job: str) -> None:
        """Note the name that a job has got."""
        self.jobs.remove(former)
        self.jobs.add(job)

    def wait(self) -> None:
        """Let the vendor's index catch up and any window of the sync close."""
        self.clock.sleep(300)

    @abstractmethod
    def fill(self, people: int) -> None:
        """Let ``people`` persons come and live a little."""

    @abstractmethod
    def consent(self, url: str) -> tuple[str, str]:
        """Open a consent page, allow, and return (code, state) of the redirect."""

    @abstractmethod
    def person_ids(self) -> set[str]:
        """Return the ids of all persons in the account."""

    @abstractmethod
    def add_person(self, email: str) -> str:
        """Make a person; return the id."""

    @abstractmethod
    def rename_title(self, record_ids: Sequence[str], title: str) -> None:
        """Give persons another job title, all at one instant."""

    @abstractmethod
    def delete_person(self, record_id: str) -> None:
        """Delete a person."""

    def vanish(self, record_id: str) -> bool:
        """Let a person leave so that no change feed tells; False where the vendor has no such way."""
        return False

    @abstractmethod
    def merge(self, winner: str, loser: str) -> str | None:
        """Merge two persons; return the survivor's id, None where the vendor has no merges."""

    @abstractmethod
    def occupy_score_field(self) -> str:
        """Make a field that has the name of our score field and is somebody else's; return the name."""

    @abstractmethod
    def title_field(self) -> str:
        """Return the name of the job title field."""

    @abstractmethod
    def expire_tokens(self) -> None:
        """Make the access tokens expired."""

    @abstractmethod
    def revoke(self) -> None:
        """Take the grant back, as an uninstall does."""

    @abstractmethod
    def installed(self) -> bool:
        """Tell whether the account has our app."""

    def pushes(self) -> bool:
        """Tell whether the account pushes to us because we asked it to."""
        return False

    @abstractmethod
    def fail(self, trouble: Trouble, times: int, *, path: str = "") -> None:
        """Misbehave on the next ``times`` API requests whose path contains ``path``."""

    @abstractmethod
    def api_path(self) -> str:
        """Return what the path of every read contains."""

    @abstractmethod
    def write_path(self) -> str:
        """Return what the path of a score write contains."""

    @abstractmethod
    def requests(self) -> int:
        """Return how many requests the stand-in answered."""

    @abstractmethod
    def throttled(self) -> int:
        """Return how many requests it refused for their rate."""

    @abstractmethod
    def busiest_share(self) -> float:
        """Return the fullest window of any budget as a share of what is published."""

    @abstractmethod
    def delivery(self, record_id: str) -> Delivery:
        """Return a signed webhook delivery about a person."""

    @abstractmethod
    def stop(self) -> None:
        """End the stand-in."""
