"""Hostile and broken replies, one at a time, to everything that is asked of each vendor.

A falsifying proxy stands before each filled sandbox. Whatever it makes of an answer: the adapter raises one of
the error tree or reads all that was not touched; what was touched is read or rejected with a reason; nothing
crashes, nobody is lost in silence, and everything that comes out can be stored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from itertools import count
from typing import Any
from zlib import crc32

import pytest

from connector.adapters.page_sizes import PageSizes
from connector.adapters.registry import REGISTRY
from connector.adapters.salesforce.streams import persons
from connector.sandbox.config import MailchimpAccount
from tests.contract import mutations
from tests.contract.altering import Asked, Told
from tests.contract.hostile import Brought, Hostile, Operation
from tests.contract.hubspot_world import HubSpotWorld
from tests.contract.mailchimp_world import ALLOWED, MailchimpWorld
from tests.contract.mutations import Path
from tests.contract.salesforce_world import ORG, SalesforceWorld
from tests.contract.verdicts import Case, Scope, verdict
from tests.contract.world import VendorWorld

WORLDS: Mapping[str, Callable[[], VendorWorld]] = {
    "hubspot": lambda: HubSpotWorld(tier="enterprise"),
    # Jobs end at once: the clock stands.
    "mailchimp": lambda: MailchimpWorld(MailchimpAccount(connections=ALLOWED, batch_seconds=0.0)),
    "salesforce": lambda: SalesforceWorld(replace(ORG, job_seconds=0.0)),
}

MANY_FIELDS = 6
EVERY = 24
"""Of rows with many fields each field gets each twenty-fourth value, and the next field the next ones."""
SAME_DEFINITIONS = 2
"""How many questions for definitions of one kind are gone through."""
SHARE = 12
"""One of so many cases is tried by ``make test``, of all kinds; ``make soak`` tries them all."""

Sites = Iterator[tuple[Operation, Asked, Told]]


@pytest.fixture(scope="module", params=[SHARE, pytest.param(1, marks=pytest.mark.soak)], ids=["a share", "all"])
def share(request: pytest.FixtureRequest) -> int:
    """Of how many cases one is tried."""
    return int(request.param)


@pytest.fixture(scope="module", params=sorted(REGISTRY))
def hostile(request: pytest.FixtureRequest, share: int) -> Iterator[Hostile]:
    """A filled account behind a falsifying proxy; a vendor without one fails the suite."""
    with pytest.MonkeyPatch.context() as patch:
        # Leads are read as a Bulk job, contacts by pages; more than two scores are written as a job.
        patch.setattr(persons.LeadReader, "bulk_from", 1)
        patch.setattr("connector.adapters.salesforce.score_writes.BULK_FROM", 2)
        patch.setattr("connector.adapters.mailchimp.score_writes.ONE_BY_ONE", 2)
        # Each answer is judged by itself: no later page is smaller because an earlier one was too much.
        patch.setattr(PageSizes, "_failed", lambda _sizes, _key: None)
        made = Hostile(WORLDS[request.param](), share)
        yield made
        made.stop()


def test_a_whole_answer_that_is_none_is_no_empty_one(hostile: Hostile) -> None:
    """Cut, empty, a gateway's page, another kind of JSON, no end, a wrong character set."""
    wrong = []
    for operation, asked, told in sites(hostile):
        for change, alter in mutations.BODIES.items():
            case = Case(Scope.BODY, operation, str(asked.path), change)
            wrong += judged(hostile, case, asked, partial(alter, told))
    assert not wrong, report(wrong)


def test_a_value_that_no_parser_knows_loses_nobody(hostile: Hostile) -> None:
    """Not a number, half a character, nesting without end: the page is read or asked for again."""
    wrong = []
    for operation, asked, told in sites(hostile):
        document = mutations.parsed(told)
        for place in mutations.lists_in(document):
            row = (*place, len(mutations.at(document, place)) // 2)
            first = next(mutations.fields_in(mutations.at(document, row), row), None)
            for change, value in mutations.BROKEN_VALUES.items() if first else ():
                case = Case(Scope.BODY, operation, str(asked.path), change, first or ())
                wrong += judged(hostile, case, asked, partial(changed, told, document, first or (), value))
    assert not wrong, report(wrong)


def test_a_row_that_is_none_leaves_its_neighbours(hostile: Hostile) -> None:
    """Doubled, null, a text, a list, empty."""
    wrong = []
    for operation, asked, told, document, row in rows(hostile):
        without = cache(partial(removed, hostile, operation, asked, told, document, row))
        for change, alter in mutations.ROWS.items():
            case = Case(Scope.ROW, operation, str(asked.path), change, row, without, asked in operation.definitions)
            wrong += judged(hostile, case, asked, partial(row_changed, told, document, row, alter))
    assert not wrong, report(wrong)


def test_a_value_that_is_not_what_it_should_be_leaves_its_neighbours(hostile: Hostile) -> None:
    """Null, missing, a megabyte, unknown words, 1900 and 2100, no time, other types, for each field of a row."""
    wrong, turn = [], count()
    for operation, asked, told, document, row in rows(hostile):
        without = cache(partial(removed, hostile, operation, asked, told, document, row))
        fields = list(mutations.fields_in(mutations.at(document, row), row))
        for place in fields:
            for change, value in chosen(len(fields), turn):
                case = Case(
                    Scope.ROW, operation, str(asked.path), change, place, without, asked in operation.definitions
                )
                wrong += judged(hostile, case, asked, partial(changed, told, document, place, value))
    assert not wrong, report(wrong)


def test_a_frame_that_is_not_what_it_should_be_loses_nobody(hostile: Hostile) -> None:
    """Totals, positions of the next page, states of jobs, single objects."""
    wrong, turn = [], count()
    for operation, asked, told in sites(hostile):
        document = mutations.parsed(told)
        fields = list(mutations.fields_in(document))
        for place in fields:
            for change, value in chosen(len(fields), turn):
                case = Case(Scope.ROOT, operation, str(asked.path), change, place)
                wrong += judged(hostile, case, asked, partial(changed, told, document, place, value))
    assert not wrong, report(wrong)


def test_a_table_that_is_broken_is_asked_for_again_or_read_without_its_broken_row(hostile: Hostile) -> None:
    """CSV: cut within a row, too few or too many cells, strange cells, a doubled row, an open quote."""
    wrong = []
    for operation, asked, told in sites(hostile):
        if told.kind != "text/csv":
            continue
        cells = mutations.table_of(told)
        middle = len(cells) // 2
        without = cache(partial(row_dropped, hostile, operation, asked, told, cells, middle))
        for change, table in mutations.tables(cells, middle, EVERY):
            scope = Scope.BODY if change in mutations.MISCOUNTED else Scope.ROW
            case = Case(scope, operation, str(asked.path), change, (middle, "cell"), without)
            wrong += judged(hostile, case, asked, partial(mutations.as_table, told, table))
        for change, body in mutations.broken_tables(told.body):
            case = Case(Scope.BODY, operation, str(asked.path), change)
            wrong += judged(hostile, case, asked, partial(replace, told, body=body))
    assert not wrong, report(wrong)


def sites(hostile: Hostile) -> Sites:
    """Yield each question of each operation once, and those for definitions once in all."""
    seen: Counter[tuple[str, ...]] = Counter()
    for operation in hostile.operations:
        shapes = set()
        for asked, told in operation.data.items():
            shape = (asked.method, asked.path.count("/"), mutations.shape_of(told))
            if shape not in shapes:
                shapes.add(shape)
                yield operation, asked, told
        for asked, told in operation.definitions.items():
            kind = asked.method, *asked.path.split("/")[:-2], *mutations.shape_of(told)
            seen[kind] += 1
            if seen[kind] <= SAME_DEFINITIONS:
                yield operation, asked, told


def rows(hostile: Hostile) -> Iterator[tuple[Operation, Asked, Told, Any, Path]]:
    """Yield a row in the middle of each list of each answer."""
    for operation, asked, told in sites(hostile):
        document = mutations.parsed(told)
        for place in mutations.lists_in(document):
            yield operation, asked, told, document, (*place, len(mutations.at(document, place)) // 2)


def chosen(fields: int, turn: Iterator[int]) -> Iterator[tuple[str, Callable[[Any], Any]]]:
    """Yield the values that one of so many fields gets: null and nothing always."""
    offset = next(turn)
    for number, (change, value) in enumerate(mutations.VALUES.items()):
        if fields <= MANY_FIELDS or change in ("null", "missing") or (number + offset) % EVERY == 0:
            yield change, value


def changed(told: Told, document: Any, place: Path, value: Callable[[Any], Any]) -> Told:
    """Return the answer with another value at a place."""
    return mutations.rendered(told, mutations.put(document, place, value(mutations.at(document, place))))


def row_changed(told: Told, document: Any, row: Path, alter: Callable[[list[Any], int], None]) -> Told:
    """Return the answer with a row that is none."""
    altered = mutations.opened(document, row[:-1])
    alter(mutations.at(altered, row[:-1]), int(row[-1]))
    return mutations.rendered(told, altered)


def row_dropped(
    hostile: Hostile, operation: Operation, asked: Asked, told: Told, cells: list[list[str]], row: int
) -> Brought | None:
    """Return what is brought where a row of a table is not there at all."""
    return brought(hostile.falsified(operation, asked, mutations.as_table(told, cells[:row] + cells[row + 1 :])))


def removed(
    hostile: Hostile, operation: Operation, asked: Asked, told: Told, document: Any, row: Path
) -> Brought | None:
    """Return what is brought where the touched row, or the one that holds it, is not there at all."""
    end = next(number for number, step in enumerate(row) if isinstance(step, int)) + 1
    answer = mutations.rendered(told, mutations.put(document, row[:end], mutations.MISSING))
    return brought(hostile.falsified(operation, asked, answer))


def brought(found: Brought | Exception) -> Brought | None:
    """Return what was brought, None where nothing was."""
    return found if isinstance(found, Brought) else None


def judged(hostile: Hostile, case: Case, asked: Asked, altered: Callable[[], Told]) -> list[str]:
    """Return what is wrong with what comes of a falsified answer, if it is in the share that is tried."""
    if crc32(str(case).encode()) % hostile.share:
        return []
    found = verdict(case, hostile.falsified(case.operation, asked, altered()))
    return [] if found is None else [f"{case}: {found}"]


def report(wrong: list[str]) -> str:
    """Return the first findings, to be read."""
    return "\n".join([f"{len(wrong)} answers were not borne:", *wrong[:40]])
