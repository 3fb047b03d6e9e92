"""What reports count in the store, on either database: spans, members of bodies, sums by day, sizes."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from connector.store import happened, ledger, periodic, records, usage
from connector.store.ledger import Entry
from connector.store.periodic import Contents, Report
from connector.store.session import Store
from connector.store.tables import ledger_payloads
from tests.store.tampering import unguarded
from tests.store.world import NOW, crm, record, tenant, with_records

DAY = timedelta(days=1)
SPAN = (NOW, NOW + DAY)


def test_acts_of_a_span_are_counted_by_what_and_by_how_many(store: Store) -> None:
    """Uses of the API by their key; the end is not in the span; what was erased is called so."""
    acts = [("admin", {"action": "publish", "by": who}) for who in ("Ana", "Ben", "Ana")]
    acts += [("accessed", {"operation": "read scores", "key": key}) for key in ("k1", "k1")]
    acts += [("accessed", {"action": "gave out what is held", "asked_by": "Ana"})]
    with store.transaction() as session:
        mine, other = tenant(session), tenant(session, "Other")
        ledger.append(session, mine, [Entry(kind, None, body) for kind, body in acts], NOW)
        ledger.append(session, mine, [Entry("admin", None, {"action": "publish", "by": "Eve"})], NOW + DAY)
        ledger.append(session, other, [Entry("admin", None, {"action": "publish", "by": "Eve"})], NOW)
        unguarded(session).execute(sa.delete(ledger_payloads).where(ledger_payloads.c.seq == 3))
    with store.reading(mine) as session:
        assert happened.kinds(session, mine, SPAN) == {"admin": 3, "accessed": 3}
        found = dict.fromkeys(happened.acts(session, mine, "admin", SPAN))
        assert set(found) == {("publish", 2, 2), (happened.ERASED, 1, 0)}
        assert happened.acts(session, mine, "accessed", SPAN) == [
            ("read scores", 2, 1),
            ("gave out what is held", 1, 1),
        ]
        assert [body["by"] for _, body in happened.entries(session, mine, SPAN, ["publish"])] == ["Ana", "Ben"]


def test_the_way_of_a_score_is_from_its_entry_to_the_answer_that_took_it(store: Store) -> None:
    with store.transaction() as session:
        mine = tenant(session)
        first = ledger.append(session, mine, [Entry("scored", 7, {}), Entry("scored", 8, {})], NOW)
        taken = {"scored": first, "answer": "written"}
        refused = {"scored": first + 1, "answer": "gone"}
        later = NOW + timedelta(seconds=90)
        ledger.append(session, mine, [Entry("delivered", 7, taken), Entry("delivered", 8, refused)], later)
    with store.reading(mine) as session:
        assert happened.written(session, mine, SPAN, 10) == [90.0]
        assert happened.bounds(session, mine, SPAN) == (1, 2)
        assert [row.seq for row in happened.scored(session, mine, SPAN, {1, 2, 3, 99})] == [1, 2]
        assert happened.bounds(session, mine, (NOW + DAY, NOW + 2 * DAY)) is None


def test_amounts_of_a_day_are_added_up(store: Store) -> None:
    """By tenant, day and what; both days of a span count."""
    with store.transaction() as session:
        mine, other = tenant(session), tenant(session, "Other")
        for _ in range(2):
            usage.add(session, mine, "2026-02-28", {"cpu": 1_500, "calls:somecrm": 2})
        usage.add(session, mine, "2026-03-01", {"cpu": 1})
        usage.add(session, other, "2026-02-28", {"cpu": 9})
    with store.reading(mine) as session:
        assert usage.of_days(session, mine, "2026-02-28", "2026-03-01") == {
            "cpu": {"2026-02-28": 3_000, "2026-03-01": 1},
            "calls:somecrm": {"2026-02-28": 4},
        }
        assert usage.of_days(session, mine, "2026-03-01", "2026-03-01") == {"cpu": {"2026-03-01": 1}}
        assert usage.begun(session, mine) == "2026-02-28"


def test_what_is_stored_is_a_tenants_own(store: Store) -> None:
    """Rows by table with about their bytes: three records with their properties, none of another's."""
    with store.transaction() as session:
        mine, _ = with_records(session, 3)
        other = tenant(session, "Other")
        many = [record(number) for number in range(50)]
        records.save(session, other, crm(session, other, "202"), many, NOW)
    with store.reading(mine) as session:
        rows, size = usage.stored(session, mine)["records"]
        assert rows == 3
        assert 3 * 80 < size < 3 * 800
        assert "ledger" not in usage.stored(session, mine)
        assert usage.scored(session, mine, *SPAN) == (0, 0)


def test_a_period_has_one_report_of_a_kind(store: Store) -> None:
    with store.transaction() as session:
        mine = tenant(session)
    report = Report(uuid4(), mine, "value", "2026-02", "Value report", NOW, ("One.",), "0" * 64, 1)
    with store.transaction(mine) as session:
        periodic.add(session, report, Contents("<p>é</p>", b"%PDF\x00\xff"))
    with store.transaction(mine) as session:
        assert periodic.of_period(session, mine, "value", "2026-02") == report
        assert periodic.contents(session, report) == Contents("<p>é</p>", b"%PDF\x00\xff")
        assert periodic.sign(session, report, NOW, "Ana", "")
        assert not periodic.sign(session, report, NOW, "Ben", "")
    another = Report(uuid4(), mine, "value", "2026-02", "Again", NOW, (), "0" * 64, 2)
    with pytest.raises(IntegrityError), store.transaction(mine) as session:
        periodic.add(session, another, Contents("", b""))
