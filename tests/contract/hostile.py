"""Everything that a connection asks of a vendor, asked through a proxy that can falsify each answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from connector.adapters.contract import Access, CrmAdapter, Usage
from connector.errors import ConnectorError
from connector.records import Cursor, Grant, Page, ScoreValues, ScoreWrite, Tier, WriteOutcome
from connector.services.soundness import sound, sound_fields
from tests.contract.altering import AlteringProxy, Asked, Told, unaltered
from tests.contract.facts import pages_of, read_all
from tests.contract.world import VendorWorld

PEOPLE = 24
LONGEST_KEY = 1000
"""Characters of what a database has to index."""

Items = Mapping[tuple[str, ...], object]
"""What an operation brought: (kind, id) → the thing itself."""


@dataclass(frozen=True, slots=True)
class Brought:
    """The outcome of one operation. ``given_up``: the account does not offer it, which is told and asked again."""

    items: Items
    rejected: int = 0
    given_up: bool = False


@dataclass(slots=True)
class Operation:
    """One thing that is asked of an adapter, and what it brings where nobody falsifies anything.

    ``known`` is an adapter that has asked for definitions before; ``data`` is what it asks all the same,
    ``definitions`` what only a new one asks.
    """

    name: str
    call: Callable[[CrmAdapter], Brought]
    known: CrmAdapter
    untouched: Brought
    data: dict[Asked, Told] = field(default_factory=dict)
    definitions: dict[Asked, Told] = field(default_factory=dict)


class FreeLane:
    """Lets everything pass at once; looking after somebody else's work takes time on the clock alone."""

    def __init__(self, wait: Callable[[float], None]) -> None:
        self._wait = wait

    def acquire(self, budget: str, *, writes: bool = False) -> None:
        if "poll" in budget:
            self._wait(2.0)

    def settle(self, budget: str) -> None:
        """Nothing is counted."""

    def penalise(self, budget: str, seconds: float) -> None:
        """Nobody waits."""

    def told(self, budget: str, usage: Usage | None) -> None:
        """Nothing is left to others."""

    def spend(self, allowance: str, requests: int, *, limit: int | None) -> None:
        """Nothing is counted."""


class Hostile:
    """A filled account behind a falsifying proxy, and all that is asked of it. One of ``share`` cases is tried."""

    def __init__(self, world: VendorWorld, share: int = 1) -> None:
        self.world = world
        self.share = share
        origin = world.credentials.api_base
        assert origin is not None
        # As long as it takes to ask no more than five times a second, which all vendors bear.
        self.proxy = AlteringProxy(origin, lambda: world.clock.sleep(0.25))
        self.grant = world.install()
        self._names: Mapping[str, str] = {}
        self.proxy.replaying = True
        early = {name: pages[-1].cursor for name, pages in read_all(world.connect(self.grant)).items()}
        self._live(world)
        self.moment = world.clock.now()
        self.grant = world.install()
        self._names = world.connect(self.grant).ensure_score_fields()
        self.operations = [self._prepared(name, call) for name, call in self._asked(early)]

    def stop(self) -> None:
        """End proxy and stand-in."""
        self.proxy.stop()
        self.world.stop()

    def adapter(self) -> CrmAdapter:
        """Open the connection through the proxy, at a clock that stands but for waits."""
        waited = [0.0]

        def wait(seconds: float) -> None:
            waited[0] += seconds

        return self._connected(FreeLane(wait), lambda: self.moment + timedelta(seconds=waited[0]), wait)

    def _connected(self, lane: FreeLane, now: Callable[[], datetime], sleep: Callable[[float], None]) -> CrmAdapter:
        grant: Grant = self.grant
        token = grant.tokens.access_token
        app = self.world.app(api_base=self.proxy.origin, authorize_base=self.proxy.origin)
        return app.connect(
            Access(
                connection_id="connection-1",
                account_id=grant.account.account_id,
                scopes=grant.tokens.scopes,
                token=lambda: token,
                refused_token=lambda _: token,
                lane=lane,
                now=now,
                field_names=self._names,
                api_origin=self.proxy.origin if grant.account.api_origin else None,
                webhook_url=self.world.webhook_url,
                sleep=sleep,
            )
        )

    @staticmethod
    def _live(world: VendorWorld) -> None:
        world.fill(PEOPLE)
        ids = sorted(world.person_ids())
        world.delete_person(ids[0])
        world.merge(ids[1], ids[2])
        # Long enough for whatever is done once a week.
        world.clock.sleep(8 * 86_400)

    def _asked(self, early: Mapping[str, Cursor]) -> Iterator[tuple[str, Callable[[CrmAdapter], Brought]]]:
        ids = sorted(self.world.person_ids())[3:7]
        writes = [score_write(record_id, self.moment) for record_id in ids]
        yield "account", lambda adapter: Brought({("account", adapter.account().account_id): None})
        yield "fields", lambda adapter: Brought({("field", item.name): item for item in sound_fields(adapter.fields())})
        for stream in early:
            for place, cursor in list(self._checkpoints(stream, early[stream])):
                yield f"{stream} {place}", _reading(stream, cursor)
        yield "records", lambda adapter: brought(adapter.read_records([*ids, "999999999"]))
        yield "scores", lambda adapter: Brought(_keyed("score", adapter.read_scores(ids)))
        yield "score fields", lambda adapter: Brought(_keyed("named", adapter.ensure_score_fields()))
        yield "writes", lambda adapter: _written(adapter, writes[:2])
        yield "many writes", lambda adapter: _written(adapter, writes)

    def _checkpoints(self, stream: str, early: Cursor) -> Iterator[tuple[str, Cursor | None]]:
        """Yield cursors of a first and a later read, those whose pages ask something that none before did."""
        adapter = self.adapter()
        self.proxy.passed.clear()
        seen: set[tuple[str, ...]] = set()
        for when, start in (("at first", None), ("later", early)):
            cursor: Cursor | None = start
            for number, page in enumerate(pages_of(adapter, stream, start)):
                shape = (when, *sorted({_shape(asked) for asked, _ in self.proxy.passed}))
                self.proxy.passed.clear()
                if shape not in seen:
                    seen.add(shape)
                    yield f"{when}, page {number + 1}", cursor
                cursor = json.loads(json.dumps(dict(page.cursor)))

    def _prepared(self, name: str, call: Callable[[CrmAdapter], Brought]) -> Operation:
        adapter = self.adapter()
        self.proxy.passed.clear()
        untouched = call(adapter)
        first = dict(self.proxy.passed)
        self.proxy.passed.clear()
        call(adapter)
        again = dict(self.proxy.passed)
        made = Operation(name, call, adapter, untouched, again)
        made.definitions = {asked: told for asked, told in first.items() if asked not in again}
        return made

    def falsified(self, operation: Operation, asked: Asked, told: Told) -> Brought | Exception:
        """Carry out an operation while one question is answered with ``told``; return what it brought or raised."""
        adapter = operation.known if asked in operation.data else self.adapter()
        self.proxy.alter = lambda question, answer: told if question == asked else answer
        try:
            return operation.call(adapter)
        except Exception as error:  # noqa: BLE001 - whatever it is, the caller judges it
            return error
        finally:
            self.proxy.alter = unaltered


def _shape(asked: Asked) -> str:
    steps = [step if step.isalpha() or "." in step or "-" in step else "*" for step in asked.path.split("/")]
    return f"{asked.method} {'/'.join(steps)}"


def _reading(stream: str, cursor: Cursor | None) -> Callable[[CrmAdapter], Brought]:
    return lambda adapter: brought(adapter.read_page(stream, cursor))


def score_write(record_id: str, at: datetime) -> ScoreWrite:
    """Return a score for a record."""
    values = ScoreValues(Decimal("81.5"), Decimal("0.4375"), Tier.HIGH_INTENT, ("Opened a mail",), "model_v1", at)
    return ScoreWrite(record_id, values)


def _written(adapter: CrmAdapter, writes: Sequence[ScoreWrite]) -> Brought:
    results = adapter.write_scores(writes)
    assert [result.record_id for result in results] == [write.record_id for write in writes]
    assert all(isinstance(result.outcome, WriteOutcome) for result in results)
    return Brought({("result", result.record_id): None for result in results})


def _keyed(kind: str, found: Mapping[str, object]) -> Items:
    return {(kind, key): value for key, value in found.items()}


def brought(found: Page) -> Brought:
    """Return what a page brought to the store; fail where it could not be kept or carried on from."""
    page = sound(found, "hostile")
    for text in _texts(replace(page, cursor={})):
        text.encode()
        assert "\0" not in text, "a zero byte, which no database takes"
    json.dumps(dict(page.cursor))
    items: dict[tuple[str, ...], object] = {}
    items |= {("record", item.record_id): item for item in page.records}
    items |= {("company", item.company_id): item for item in page.companies}
    items |= {("event", item.source, item.source_id): item for item in page.events}
    items |= {("conversion", item.source, item.source_id): item for item in page.conversions}
    items |= {("retraction", item.source, item.object_id): item for item in page.retractions}
    items |= {("removal", item.record_id): item for item in page.removals}
    items |= {
        ("change", item.record_id, item.name, "seen" if item.observed else item.at.isoformat()): item.value
        for item in page.changes
    }
    for key in items:
        assert max(map(len, key)) <= LONGEST_KEY, f"a key of {max(map(len, key))} characters"
    return Brought(items, len(page.rejections), page.unavailable is not None)


def _texts(found: Any) -> Iterator[str]:
    left = [found]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, tuple | list):
            left += each
        elif isinstance(each, Mapping):
            left += each.keys()
            left += each.values()
        elif hasattr(each, "__dataclass_fields__"):
            left += [getattr(each, name) for name in each.__dataclass_fields__]


def is_expected(error: Exception) -> bool:
    """Tell whether an error says what to do next."""
    return isinstance(error, ConnectorError)


def lost(before: Iterable[tuple[str, ...]], after: Items) -> list[tuple[str, ...]]:
    """Return what is no longer there."""
    return [key for key in before if key not in after]
