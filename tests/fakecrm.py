"""A CRM in memory, behind the same contract as the real ones: for tests of what stands on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connector.adapters.contract import (
    Access,
    Budget,
    Capabilities,
    CardAsk,
    CrmAdapter,
    CrmApp,
    Delivery,
    Option,
)
from connector.errors import Disconnected, RejectedInput
from connector.records import (
    Account,
    Cursor,
    FieldDefinition,
    Grant,
    Listener,
    Page,
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

Trouble = Callable[[str], None]


@dataclass
class FakeAccount:
    """What one CRM account holds, and what happened to it."""

    account: Account
    fields: Sequence[FieldDefinition] = ()
    pages: dict[str, list[Page]] = field(default_factory=dict)
    held: dict[str, dict[str, str]] = field(default_factory=dict)
    refused: dict[str, WriteResult] = field(default_factory=dict)
    marks: dict[str, Mapping[str, str]] = field(default_factory=dict)
    told: dict[str, Mapping[str, str]] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    sent: list[tuple[str, str]] = field(default_factory=list)
    cleared: list[str] = field(default_factory=list)
    kept: dict[str, WriteResult] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    hooks: list[str] = field(default_factory=list)
    looks: list[datetime] = field(default_factory=list)
    listening: Sequence[Listener] | None = None
    fetched: list[tuple[str, ...]] = field(default_factory=list)
    changed_at: datetime | None = None
    trouble: Trouble = lambda _operation: None
    revoked: bool = False
    refreshes: int = 0
    user: str | None = "u1"
    by_job: bool = False
    queue: dict[str, Sequence[ScoreWrite]] = field(default_factory=dict)

    def copied(self) -> FakeAccount:
        """The same account once more; the pages themselves never change."""
        pages = {name: list(found) for name, found in self.pages.items()}
        return replace(deepcopy(replace(self, pages={})), pages=pages)


class FakeApp(CrmApp):
    """A vendor with accounts by their authorisation code."""

    name = "fakecrm"
    capabilities = Capabilities(
        label="Fake CRM",
        budgets=(Budget("burst", 100, 10.0),),
        write_batch=10,
        property_history=True,
        webhooks=True,
        refresh_tokens=True,
        pkce=True,
        scopes={"contacts": "to read contacts and write scores"},
        optional_scopes={},
        look_seconds=60.0,
        grant_idle=timedelta(days=30),
        write_effects=("A write moves the record's last change.",),
        listener_checks=("Look at the machines that start by a score.",),
        options={"greeting": Option("Greeting", "Everybody is greeted by it.", "[a-z]{2,9}", "A short word.")},
    )

    def __init__(self, accounts: Mapping[str, FakeAccount]) -> None:
        self.accounts = accounts

    def by_id(self, account_id: str) -> FakeAccount:
        """Return the account with a vendor id."""
        return next(item for item in self.accounts.values() if item.account.account_id == account_id)

    def authorize_url(self, state: str, code_verifier: str | None, login: str | None = None) -> str:
        return f"https://fake.example/authorize?state={state}"

    def exchange_code(self, code: str, code_verifier: str | None, now: datetime, login: str | None = None) -> Grant:
        if code not in self.accounts:
            raise RejectedInput("The authorisation code is not valid.")
        found = self.accounts[code]
        found.revoked = False
        return Grant(found.account, Tokens(f"access-{code}", f"refresh-{code}", None, ("contacts",)), found.user)

    def refresh(self, tokens: Tokens, now: datetime, api_origin: str | None = None) -> Tokens:
        code = str(tokens.refresh_token).removeprefix("refresh-")
        found = self.accounts[code]
        found.refreshes += 1
        if found.revoked:
            raise Disconnected("Fake CRM took the grant back.", remedy="Install the app again.")
        return Tokens(f"access-{code}-{found.refreshes}", tokens.refresh_token, None, tokens.scopes)

    def connect(self, access: Access) -> CrmAdapter:
        return FakeAdapter(self.by_id(access.account_id), access)

    def verify_webhook(self, delivery: Delivery, now: datetime) -> None:
        good = delivery.secrets or (("good",) if delivery.account_id is None else ())
        if delivery.headers.get("X-Fake-Signature") not in good:
            raise RejectedInput("The signature does not match.")

    def parse_webhook(self, delivery: Delivery) -> Sequence[WebhookHint]:
        account, record = delivery.body.decode().split(":")
        at = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
        return [WebhookHint(account, f"{account}:{record}", "changed", record, at)]

    def card_request(self, delivery: Delivery, now: datetime) -> CardAsk:
        self.verify_webhook(delivery, now)
        return CardAsk(delivery.headers.get("X-Fake-Account", ""), "7")


class FakeAdapter(CrmAdapter):
    """One connection to a fake account. Every call first asks ``trouble`` whether to fail."""

    writes_in_jobs = True

    def __init__(self, crm: FakeAccount, access: Access) -> None:
        self.crm = crm
        self.access = access

    def _call(self, operation: str) -> None:
        self.access.token()
        self.access.lane.acquire("burst", writes=operation == "write")
        self.crm.trouble(operation)
        if self.crm.revoked:
            raise Disconnected("Fake CRM took the grant back.", remedy="Install the app again.")

    def account(self) -> Account:
        return self.crm.account

    def fields(self) -> Sequence[FieldDefinition]:
        self._call("fields")
        return self.crm.fields

    def streams(self) -> Sequence[Stream]:
        return [Stream(name, name.title(), needs_records=name != "people") for name in self.crm.pages]

    def read_page(self, stream: str, cursor: Cursor | None) -> Page:
        self._call(f"read {stream}")
        number = int(str((cursor or {}).get("next", 0)))
        pages = self.crm.pages[stream]
        if number >= len(pages):
            return Page(cursor={"next": number}, drained=True)
        page = pages[number]
        return replace(page, cursor={"next": number + 1}, drained=number + 1 >= len(pages))

    def read_records(self, record_ids: Sequence[str]) -> Page:
        self._call("read records")
        self.crm.fetched.append(tuple(record_ids))
        pages = [page for pages in self.crm.pages.values() for page in pages]
        there = {item.record_id: item for page in pages for item in page.records}
        return Page(
            cursor={},
            drained=True,
            records=tuple(there[item] for item in record_ids if item in there and item not in self.crm.gone),
            changes=tuple(item for page in pages for item in page.changes if item.record_id in record_ids),
            removals=tuple(
                Removal(item, self.access.now()) for item in record_ids if item not in there or item in self.crm.gone
            ),
        )

    def changed_since(self, at: datetime) -> bool:
        self._call("look")
        self.crm.looks.append(at)
        return self.crm.changed_at is not None and self.crm.changed_at > at

    def ensure_score_fields(self) -> Mapping[str, str]:
        self._call("prepare")
        return {"lead_score": "lead_score"}

    def subscribe(self) -> Sequence[str]:
        self._call("subscribe")
        self.crm.hooks[:] = [
            self.access.webhook_url if url in self.access.former_webhook_urls else url for url in self.crm.hooks
        ]
        if self.access.webhook_url in self.crm.hooks:
            return ()
        self.crm.hooks.append(self.access.webhook_url)
        return (f"signing-{len(self.crm.hooks)}",)

    def listeners(self, field_names: Sequence[str]) -> Sequence[Listener]:
        self._call("listeners")
        if self.crm.listening is None:
            return super().listeners(field_names)
        return self.crm.listening

    def write_scores(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        self._call("write")
        if not self.crm.by_job:
            return self._written(writes)
        job = f"job-{len(self.crm.writes)}-{len(self.crm.queue)}"
        self.access.job_begun(job)
        self.crm.queue[job] = writes
        self.crm.trouble("queued")
        results = self._written(self.crm.queue.pop(job))
        self.access.job_over(job)
        return results

    def work_on_queue(self) -> None:
        """Do what is left in the account's queue, as the vendor does sooner or later."""
        for job in list(self.crm.queue):
            self._written(self.crm.queue.pop(job))

    def stop_job(self, job_id: str) -> None:
        self._call("stop")
        self.crm.queue.pop(job_id, None)

    def _written(self, writes: Sequence[ScoreWrite]) -> Sequence[WriteResult]:
        results = []
        self.crm.options = self.access.options
        for item in writes:
            self.crm.told[item.record_id] = item.marks
            if item.record_id in self.crm.refused:
                results.append(self.crm.refused[item.record_id])
                continue
            self.crm.held[item.record_id] = dict(self.rendered(item.values))
            self.crm.writes.append(item.record_id)
            self.crm.sent.append((item.record_id, str(item.values.score)))
            marks = self.crm.marks.get(item.record_id)
            message = "Left something undone." if marks else ""
            results.append(WriteResult(item.record_id, WriteOutcome.WRITTEN, message, marks))
        self.crm.trouble("written")
        return results

    def clear_scores(self, record_ids: Sequence[str]) -> Sequence[WriteResult]:
        self._call("clear")
        self.crm.cleared += record_ids
        for item in record_ids:
            if item not in self.crm.kept:
                self.crm.held.pop(item, None)
        return [self.crm.kept.get(item, WriteResult(item, WriteOutcome.WRITTEN)) for item in record_ids]

    def read_scores(self, record_ids: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
        self._call("read scores")
        return {item: self.crm.held[item] for item in record_ids if item in self.crm.held}

    def rendered(self, values: ScoreValues) -> Mapping[str, str]:
        return {
            "lead_score": str(values.score if values.scale is Scale.HUNDRED else values.score / 100),
            "lead_score_tier": values.tier,
            "lead_score_model": values.model,
        }

    def remove_score_fields(self) -> None:
        self._call("remove fields")
        self.crm.held.clear()

    def disconnect(self) -> None:
        self._call("disconnect")
        self.crm.revoked = True

    def record_url(self, record_id: str) -> str:
        return f"https://fake.example/records/{record_id}"
