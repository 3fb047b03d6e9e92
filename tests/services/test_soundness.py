"""What no database takes never reaches one: it is mended or rejected, and its neighbours are stored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from connector.records import (
    Account,
    Actor,
    Census,
    Company,
    Conversion,
    EngagementEvent,
    EventKind,
    FieldDefinition,
    FieldType,
    Page,
    PropertyChange,
    Record,
    Rejection,
    Removal,
    Retraction,
)
from connector.services.soundness import LONGEST_KEY, clean, sound, sound_account, sound_fields
from connector.store import connections
from connector.store.session import Store
from connector.store.tables import changes, conversions, events, records, rejections
from tests.world import NOW, small_account, world

LONGEST = "é" * LONGEST_KEY
RECORD = Record("r1", "a@example.com", NOW, NOW, {"city": "Porto"}, company_id="c1", merged_ids=("r0",))
COMPANY = Company("c1", "Firm", "firm.example.com", {"city": "Porto"}, NOW)
CHANGE = PropertyChange("r1", "city", "Porto", NOW)
EVENT = EngagementEvent("mails", "e1", EventKind.EMAIL_OPENED, NOW, Actor.LEAD, "r1", detail="a campaign")
CONVERSION = Conversion("deals", "d1:r1", "deal_won", NOW, "r1", Decimal("12.50"), "EUR")
REMOVAL = Removal("r9", NOW, merged_into="r1")
PAGE = Page(
    {},
    drained=True,
    records=(RECORD,),
    companies=(COMPANY,),
    changes=(CHANGE,),
    events=(EVENT,),
    conversions=(CONVERSION,),
    retractions=(Retraction("deals", "d1"),),
    removals=(REMOVAL,),
)

BAD_KEYS = ["", "x" * (LONGEST_KEY + 1), "a\0b", "a\ud83d"]
FAR = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]


def of(kind: str, item: object) -> Page:
    """Return a page with one thing beside a good one."""
    return replace(PAGE, **{kind: (*getattr(PAGE, kind), item)})


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [
        *[("records", replace(RECORD, record_id=bad)) for bad in BAD_KEYS],
        *[("records", replace(RECORD, email=bad)) for bad in BAD_KEYS if bad],
        *[("records", replace(RECORD, merged_ids=(bad,))) for bad in BAD_KEYS],
        *[("records", replace(RECORD, created_at=at)) for at in FAR],
        *[("companies", replace(COMPANY, company_id=bad)) for bad in BAD_KEYS],
        *[("changes", replace(CHANGE, name=bad)) for bad in BAD_KEYS],
        *[("changes", replace(CHANGE, at=at)) for at in FAR],
        *[("events", replace(EVENT, source_id=bad)) for bad in BAD_KEYS],
        *[("events", replace(EVENT, record_id=bad, email=None)) for bad in BAD_KEYS],
        *[("events", replace(EVENT, at=at)) for at in FAR],
        *[("conversions", replace(CONVERSION, kind=bad)) for bad in BAD_KEYS],
        *[("conversions", replace(CONVERSION, record_id=bad)) for bad in BAD_KEYS],
        ("conversions", replace(CONVERSION, amount=Decimal("1e15"))),
        ("conversions", replace(CONVERSION, amount=Decimal("-1e15"))),
        *[("removals", replace(REMOVAL, record_id=bad)) for bad in BAD_KEYS],
        *[("retractions", Retraction("deals", bad)) for bad in BAD_KEYS],
    ],
)
def test_what_can_not_be_kept_is_rejected_with_a_reason_and_its_neighbour_stays(kind: str, spoilt: object) -> None:
    """Keys that are empty, too long or unreadable, times centuries away, amounts without end."""
    found = sound(of(kind, spoilt), "things")
    assert replace(found, rejections=()) == PAGE
    (rejection,) = found.rejections
    assert rejection.stream == "things"
    assert rejection.reason
    assert 0 < len(rejection.vendor_id) <= LONGEST_KEY


def test_a_spoilt_text_is_mended_and_its_thing_kept() -> None:
    """A zero byte in a job title is no reason to lose the lead."""
    spoilt = "before\0after \ud83d end é"
    page = Page(
        {},
        drained=True,
        records=(replace(RECORD, properties={"city": spoilt}),),
        companies=(replace(COMPANY, name=spoilt),),
        changes=(replace(CHANGE, value=spoilt),),
        events=(replace(EVENT, detail=spoilt),),
        rejections=(Rejection("things", "x\0" * 1000, spoilt),),
        census=Census(NOW, ("r1", "r\0", ""), complete=True),
    )
    found, mended = sound(page, "things"), "before\ufffdafter \ufffd end é"
    assert found.records[0].properties == {"city": mended}
    assert found.companies[0].name == found.changes[0].value == found.events[0].detail == mended
    assert found.rejections[0].reason == mended
    assert len(found.rejections[0].vendor_id) == LONGEST_KEY
    assert found.census is not None
    assert found.census.present == ("r1",)


def test_a_sound_page_is_left_as_it_is() -> None:
    """Nothing is made anew for the many pages that need no mending."""
    assert sound(PAGE, "things") == PAGE
    assert sound(PAGE, "things").records[0] is RECORD


@given(st.lists(st.text(st.sampled_from("aé\0\ud83d\ude00"), max_size=3), max_size=5))
def test_what_becomes_of_a_thing_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    """A page is looked through as a whole: with the same outcome as one thing after another."""
    changes_ = tuple(replace(CHANGE, name=text, value=text) for text in texts)
    events_ = tuple(replace(EVENT, source_id=text, detail=text) for text in texts)
    alone = [sound(Page({}, drained=True, changes=(one,)), "things") for one in changes_]
    alone += [sound(Page({}, drained=True, events=(one,)), "things") for one in events_]
    together = sound(Page({}, drained=True, changes=changes_, events=events_), "things")
    assert together.changes == tuple(one for page in alone for one in page.changes)
    assert together.events == tuple(one for page in alone for one in page.events)
    assert len(together.rejections) == sum(len(page.rejections) for page in alone)


@given(st.text(st.characters(codec=None)))
def test_a_clean_text_can_be_stored_and_is_changed_where_it_must_be_alone(text: str) -> None:
    """Whatever comes in, what goes out is text to every database, of the same length."""
    found = clean(text)
    found.encode()
    assert "\0" not in found
    assert len(found) == len(text)
    assert clean(found) == found


def test_fields_and_accounts_are_cleaned() -> None:
    """A field whose name can't be kept is none; labels and names are mended."""
    good = FieldDefinition("city", "Ci\0ty", FieldType.CATEGORY, {"a\0": "A\0"})
    found = sound_fields([good, *(replace(good, name=bad) for bad in BAD_KEYS)])
    assert [(item.name, item.label, item.options) for item in found] == [("city", "Ci\ufffdty", {"a\ufffd": "A\ufffd"})]
    account = sound_account(Account("1", "Na\0me" * 1000, "https://x.example", "U\0TC", "E\0R"))
    assert account.name.startswith("Na\ufffdme")
    assert len(account.name) <= 300
    assert (account.time_zone, account.currency) == ("U\ufffdTC", "E\ufffdR")


SPOIL: dict[str, Callable[[Any], Any]] = {
    "records": lambda item: replace(item, record_id="r\0"),
    "changes": lambda item: replace(item, name="n" * 10_000),
    "events": lambda item: replace(item, source_id="\ud83d"),
    "conversions": lambda item: replace(item, amount=Decimal("9" * 30)),
}


def test_the_widest_that_is_let_through_fits_both_databases(store: Store) -> None:
    """The longest keys, the largest amount, the outermost years; what is beyond is counted and stops nobody."""
    line = world(store)
    line.crm.pages = small_account(120).pages
    first, last = datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 12, 31, tzinfo=UTC)
    wide = replace(RECORD, record_id=LONGEST, email=LONGEST, created_at=first, modified_at=last, company_id=LONGEST)
    page = Page(
        {},
        drained=True,
        records=(wide, wide),
        changes=(replace(CHANGE, record_id=LONGEST, name=LONGEST, value="é" * 2**20, at=first),) * 2,
        events=(replace(EVENT, source_id=LONGEST, record_id=None, email="x" * LONGEST_KEY, at=last),) * 2,
        conversions=(replace(CONVERSION, source_id=LONGEST, record_id=LONGEST, amount=Decimal(10**15 - 1)),) * 2,
    )
    spoilt = {kind: (*getattr(page, kind), spoil(getattr(page, kind)[0])) for kind, spoil in SPOIL.items()}
    line.crm.pages["people"].append(replace(page, **spoilt))
    line.install()
    line.work()
    with store.reading() as session:
        connection = connections.find_by_account(session, "fakecrm", "101")
        assert connection
        stored = session.execute(sa.select(records.c.id).where(records.c.vendor_id == LONGEST)).scalar_one()
        changed = session.execute(sa.select(changes.c.at).where(changes.c.name == LONGEST)).scalar_one()
        happened = session.execute(sa.select(events.c.at).where(events.c.source_id == LONGEST)).scalar_one()
        amount = session.execute(sa.select(conversions.c.amount).where(conversions.c.record_id == stored)).scalar_one()
        reasons = session.execute(sa.select(rejections.c.reason).where(rejections.c.stream == "people")).scalars().all()
    assert (changed, happened, amount) == (first, last, 10**15 - 1)
    assert len(reasons) >= 3
