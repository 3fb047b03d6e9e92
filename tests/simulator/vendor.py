"""The simulated CRMs behind the product's own contract: an app and an adapter, as real ones would be written."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from connector.adapters.contract import Access, Budget, Capabilities, CrmAdapter, CrmApp, Delivery
from connector.errors import Disconnected, RejectedInput, RetryLater
from connector.records import (
    Account,
    Actor,
    Cursor,
    EngagementEvent,
    EventKind,
    FieldDefinition,
    FieldType,
    Grant,
    Page,
    PropertyChange,
    Record,
    Removal,
    Scale,
    ScoreValues,
    ScoreWrite,
    Stream,
    Tokens,
    WebhookHint,
    WriteOutcome,
    WriteResult,
)
from tests.simulator import crm
from tests.simulator.by_job import ByJob
from tests.simulator.clocks import EPOCH, instant
from tests.simulator.crm import Refused
from tests.simulator.jobs import UNTOLD, Values
from tests.simulator.kernel import Crash, Kernel, Stuck
from tests.simulator.network import Network
from tests.simulator.storm import Boundary

T = TypeVar("T")

FIRST = (float("-inf"), "")
SIGNATURE = "X-Signature"
APP_SECRET = "the app's own"
FAILED_WRITE = "failed write"
"""A write that ended without an answer, whyever: it may not even have been sent, as when no token could be had."""
OUTCOMES = {
    "written": WriteOutcome.WRITTEN,
    "later": WriteOutcome.RETRY,
    "gone": WriteOutcome.GONE,
    UNTOLD: WriteOutcome.RETRY,
}


@dataclass(frozen=True)
class Wire:
    """What every client needs to reach a CRM."""

    kernel: Kernel
    network: Network
    boundary: Boundary


class SimulatedApp(CrmApp):
    """A vendor with one account, whose authorisation code is the vendor's name."""

    def __init__(self, account: crm.Account, wire: Wire) -> None:
        vendor = account.vendor
        self.name = vendor.name
        self.crm = account
        self._wire = wire
        self.capabilities = Capabilities(
            label=vendor.name.title(),
            budgets=(Budget("burst", vendor.budget, crm.BUDGET_SECONDS),),
            write_batch=vendor.write_batch,
            property_history=True,
            webhooks=bool(vendor.hooks),
            refresh_tokens=vendor.token_seconds is not None,
            pkce=False,
            scopes={"contacts": "to read contacts and write scores"},
            optional_scopes={},
            look_seconds=vendor.look_seconds,
        )

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        return f"https://{self.name}.example/authorize?state={state}"

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        return Grant(self._account(), self._tokens(self._ask("exchange", self.crm.issue)), "admin")

    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        spent = str(tokens.refresh_token)
        self._wire.boundary.heard[self._wire.kernel.current] = self.crm.kept
        rotates = self.crm.vendor.rotates
        if rotates:
            self._wire.boundary.shelter()
        try:
            return self._tokens(self._ask("refresh", lambda: self.crm.refresh(spent), safe=rotates))
        except (RetryLater, Disconnected):
            self._wire.boundary.unshelter()
            raise

    def _ask(self, what: str, serve: Callable[[], T], *, safe: bool = False) -> T:
        try:
            return self._wire.network.call(f"{self.name} {what}", serve, safe=safe)
        except Refused as refused:
            raise translated(self.name, what, refused) from None

    def _account(self) -> Account:
        return Account(f"{self.name}-1", self.name.title(), f"https://{self.name}.example", "UTC")

    @staticmethod
    def _tokens(issued: tuple[str, str, float | None]) -> Tokens:
        access, refresh, expires = issued
        return Tokens(access, refresh, None if expires is None else instant(expires), ("contacts",))

    def connect(self, access: Access) -> CrmAdapter:
        return SimulatedAdapter(self.crm, access, self._wire)

    def verify_webhook(self, delivery: Delivery, now: datetime) -> None:
        secrets = (APP_SECRET,) if delivery.account_id is None else delivery.secrets
        if delivery.headers.get(SIGNATURE) not in secrets:
            raise RejectedInput("The signature does not match.")

    def parse_webhook(self, delivery: Delivery) -> Sequence[WebhookHint]:
        told = json.loads(delivery.body)
        return [WebhookHint(told["account"], told["id"], "changed", told["record"], instant(told["at"]))]


def translated(vendor: str, what: str, refused: Refused) -> Exception:
    """Return the error of the product's own tree for a refusal."""
    if refused.status == 403:
        return Disconnected(f"{vendor} took the grant back.", remedy="Install the app again.")
    return RetryLater(f"{vendor} {what} answered {refused.status}.", after_seconds=refused.after)


class SimulatedAdapter(CrmAdapter):
    """One connection to a simulated account."""

    writes_in_jobs = True

    def __init__(self, account: crm.Account, access: Access, wire: Wire) -> None:
        self.crm = account
        self.access = access
        self._wire = wire
        self._jobs = ByJob(wire.kernel, account.queue, account.vendor.jobs, access, self._call)

    # -- requests ---------------------------------------------------------------------------------------------------

    def _call(self, what: str, serve: Callable[[], T]) -> T:
        token = self.access.token()
        try:
            return self._request(what, serve, token)
        except Refused as refused:
            if refused.status != 401:
                raise translated(self.crm.vendor.name, what, refused) from None
        token = self.access.refused_token(token)
        try:
            return self._request(what, serve, token)
        except Refused as refused:
            raise translated(self.crm.vendor.name, what, refused) from None

    def _request(self, what: str, serve: Callable[[], T], token: str) -> T:
        def admitted() -> T:
            self.crm.admit(token)
            return serve()

        lane = self.access.lane
        lane.acquire("burst", writes=what.endswith("write"))
        try:
            answer = self._wire.network.call(f"{self.crm.vendor.name} {what}", admitted)
        except (Crash, Stuck):
            # The dead tell the governor nothing.
            raise
        except Refused as refused:
            lane.settle("burst")
            if refused.status == 429:
                lane.penalise("burst", refused.after)
            raise
        except BaseException:
            lane.settle("burst")
            raise
        lane.settle("burst")
        return answer

    # -- reading ----------------------------------------------------------------------------------------------------

    def account(self) -> Account:
        raise NotImplementedError("nobody asks")

    def fields(self) -> Sequence[FieldDefinition]:
        # Remembered by the vendor's own rules for a day, in life; asking is not on trial.
        return (FieldDefinition("city", "City", FieldType.CATEGORY),)

    def streams(self) -> Sequence[Stream]:
        return (Stream("people", "People", needs_records=False), Stream("visits", "Visits"))

    def read_page(self, stream: str, cursor: Cursor | None) -> Page:
        """Keyset paging over what changed, from a lag before the last reading began."""
        at = _Place.of(cursor, self._wire.kernel.now)
        # What people do shows at once: read again with the people, it would hide that it came before them.
        since = at.since - SKEW
        if stream == "people":
            since -= self.crm.vendor.lag
            people = self._call("people", lambda: self.crm.list_people(since, at.after))
            return self._people(people, at.next([(item.modified, item.record_id) for item in people]))
        visits = self._call("visits", lambda: self.crm.list_visits(since, at.after))
        place, drained = at.next([(item.at, item.visit_id) for item in visits])
        return Page(place, drained, events=tuple(map(_event, visits)))

    def read_records(self, record_ids: Sequence[str]) -> Page:
        people = self._call("records", lambda: self.crm.named(record_ids))
        return self._people(people, ({}, True))

    @staticmethod
    def _people(people: Sequence[crm.Person], reached: tuple[Cursor, bool]) -> Page:
        there = [item for item in people if not item.removed]
        return Page(
            *reached,
            records=tuple(_record(item) for item in there),
            changes=tuple(
                PropertyChange(item.record_id, "city", city, instant(at)) for item in there for at, city in item.history
            ),
            removals=tuple(Removal(item.record_id, instant(item.modified)) for item in people if item.removed),
        )

    def changed_since(self, at: datetime) -> bool:
        touched = self._call("look", lambda: self.crm.touched)
        return instant(touched) > at

    # -- writing ----------------------------------------------------------------------------------------------------

    def ensure_score_fields(self) -> Mapping[str, str]:
        self._call("prepare", lambda: None)
        return {"lead_score": "lead_score"}

    def subscribe(self) -> Sequence[str]:
        if self.crm.vendor.hooks != "account" or (self.access.verifies and self.crm.hook_url):
            return ()
        self._call("subscribe", self._hook)
        return (f"signed by {self.crm.vendor.name}",)

    def _hook(self) -> None:
        self.crm.hook_url = self.access.webhook_url

    def write_scores(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        values = [(item.record_id, self.rendered(item.values)) for item in writes]
        try:
            answers = self._written(values)
        except RetryLater:
            self._wire.boundary.storm.struck[FAILED_WRITE] += 1
            raise
        return [
            WriteResult(
                item.record_id,
                OUTCOMES[answer],
                "Later, please." if OUTCOMES[answer] is WriteOutcome.RETRY else "",
                unknown=answer == UNTOLD,
            )
            for item, answer in zip(writes, answers, strict=True)
        ]

    def _written(self, values: Values) -> list[str]:
        if self.crm.vendor.jobs and len(values) >= self.crm.fewest:
            return self._jobs.write(values)
        return self._call("write", lambda: self.crm.write(values))

    def stop_job(self, job_id: str) -> None:
        self._jobs.stop(job_id)

    def clear_scores(self, record_ids: Sequence[str]) -> Sequence[WriteResult]:
        raise NotImplementedError("nobody is erased")

    def read_scores(self, record_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        return self._call("scores", lambda: {item: self.crm.held[item] for item in record_ids if item in self.crm.held})

    def rendered(self, values: ScoreValues) -> Mapping[str, str]:
        return {
            "lead_score": str(values.score if values.scale is Scale.HUNDRED else values.score / 100),
            "lead_score_tier": values.tier,
            "lead_score_reasons": " · ".join(values.reasons),
            "lead_score_model": values.model,
        }

    def disconnect(self) -> None:
        raise NotImplementedError("nobody leaves")

    def record_url(self, record_id: str) -> str:
        return f"https://{self.crm.vendor.name}.example/{record_id}"


SKEW = 1.0
"""Seconds read twice on top of the index's lag: a change may fall on the very instant of a reading."""


@dataclass(frozen=True)
class _Place:
    """A cursor: what is read of (changes after ``since``), behind which, in a reading that ``began`` then."""

    since: float
    after: tuple[float, str]
    began: float

    @classmethod
    def of(cls, cursor: Cursor | None, now: float) -> _Place:
        if not cursor:
            return cls(float("-inf"), FIRST, now)
        held: Mapping[str, object] = cursor
        since = float(str(held["since"]))
        if "after" not in held:
            return cls(since, FIRST, now)
        at, key = held["after"]  # type: ignore[misc]
        return cls(since, (float(at), str(key)), float(str(held["began"])))

    def next(self, found: Sequence[tuple[float, str]]) -> tuple[Cursor, bool]:
        """Return the cursor behind a page and whether that was the last."""
        if len(found) < crm.PAGE:
            return {"since": str(self.began)}, True
        return {"since": str(self.since), "after": list(found[-1]), "began": self.began}, False


def _record(person: crm.Person) -> Record:
    values = {"city": person.history[-1][1]}
    return Record(person.record_id, person.email, instant(person.created), instant(person.modified), values)


def _event(visit: crm.Visit) -> EngagementEvent:
    return EngagementEvent(
        "visits", visit.visit_id, EventKind.PAGE_VIEW, instant(visit.at), Actor.LEAD, visit.record_id
    )


__all__ = ["APP_SECRET", "EPOCH", "SIGNATURE", "SimulatedApp", "Wire"]
