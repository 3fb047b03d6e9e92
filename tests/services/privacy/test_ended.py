"""What the ledger says of leads that ended is kept, told under whom they became, and found by every erasure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from connector.errors import RejectedInput
from connector.records import Page, Record, Removal
from connector.services import ledgers
from connector.services.api import scores as api_scores
from connector.services.privacy import erasing, retention
from connector.services.privacy.held import held_of
from connector.services.reports import changes
from connector.services.reports.lead import lead_report
from connector.store import accounts, connections, ledger, persons
from connector.store.session import Store
from connector.store.tables import lead_marks, ledger_payloads
from connector.store.tables import ledger as ledger_table
from connector.store.tables import records as records_table
from connector.store.tables import successions as successions_table
from tests.services.privacy.people import ANA, BEN, MAIL, People, people, told
from tests.world import KEY, NEWER_KEY, NOW

SECOND = timedelta(seconds=1)


def _scored(made: People, person: str) -> int:
    """Enter a score of a person; return its number in the ledger."""
    lead = made.lead_of(person)
    body = {
        "score": "71.0",
        "probability": "0.3",
        "tier": "Warm",
        "model": "m",
        "as_of": NOW.isoformat(),
        "requester": f"of {person}",
        "inputs_hash": "",
        "reasons": [],
    }
    with made.services.store.transaction() as session:
        return ledger.append(session, made.tenant_id, [ledger.Entry("scored", lead, body)], made.world.clock.now())


def _bodies(made: People) -> set[int]:
    """The scored entries that say something still."""
    same = sa.and_(ledger_table.c.tenant_id == ledger_payloads.c.tenant_id, ledger_table.c.seq == ledger_payloads.c.seq)
    query = sa.select(ledger_table.c.seq).join(ledger_payloads, same).where(ledger_table.c.kind == "scored")
    with made.services.store.reading() as session:
        assert ledger.verify(session, made.tenant_id).good
        return set(session.execute(query).scalars())


def _rename(made: People, person: str, mail: str) -> None:
    """Let the CRM give a person another address."""
    later = made.world.clock.now()
    record = replace(told(person).records[0], email=mail, modified_at=later, properties={"mail": mail})
    made.read(Page(cursor={}, drained=True, records=(record,)))
    made.world.clock.sleep(60)


def _seen(made: People, lead: int) -> list[int]:
    """The entries that a program is told of a lead."""
    found = api_scores.history(made.services, made.tenant_id, lead, None, 100)
    return [item.entry for item in found[1]] if found else []


def _erase(made: People, erasure_id: UUID | None) -> None:
    assert erasure_id
    assert erasing.carry_out(made.services, erasure_id)


def _left(store: Store) -> int:
    """How many rows are kept of ended leads."""
    with store.reading() as session:
        counts = [
            session.execute(sa.select(sa.func.count()).select_from(table)) for table in (successions_table, lead_marks)
        ]
        return sum(count.scalar_one() for count in counts)


def _joined(store: Store) -> tuple[People, int, int, int, int]:
    """Return Ana and Ben, of whom each was scored, after Ana joined Ben; both leads, both entries."""
    made = people(store)
    ana, ben = made.lead_of(ANA), made.lead_of(BEN)
    first, second = _scored(made, ANA), _scored(made, BEN)
    _rename(made, ANA, MAIL[BEN])
    assert made.lead_of(ANA) == ben
    return made, ana, ben, first, second


def test_who_reads_a_lead_reads_those_that_joined_it(store: Store) -> None:
    """Page, API, what changed, what is held, and the command; each says whose an entry was."""
    made, ana, ben, first, second = _joined(store)
    third = _scored(made, BEN)
    assert _bodies(made) == {first, second, third}
    past = api_scores.history(made.services, made.tenant_id, ben, None, 100)
    assert past
    assert [(item.entry, item.lead, item.requester) for item in past[1]] == [
        (third, ben, f"of {BEN}"),
        (second, ben, f"of {BEN}"),
        (first, ana, f"of {ANA}"),
    ]
    report = lead_report(made.services, made.tenant_id, ben)
    assert report
    assert [(entry.seq, entry.former) for entry in report.entries if entry.kind == "scored"] == [
        (third, None),
        (second, None),
        (first, ana),
    ]
    assert [item.lead_id for item in report.joined] == [ana]
    assert report.comparable == {third}
    reasons = {}
    for seq in (first, second, third):
        found = changes.lead_changes(made.services, made.tenant_id, ben, seq)
        assert found
        reasons[seq] = found.reason
    assert reasons == {first: changes.FIRST, second: changes.JOINED, third: changes.GONE}
    held = held_of(made.services, made.tenant_id, ben, "test")
    assert held
    assert [row["lead"] for row in held["Who else it was taken to be"]] == [ana]
    assert {row["lead"] for row in held["What was recorded of scores"]} == {ana, ben}
    lines = ledgers.told_of_lead(made.services, made.tenant_id, ben)
    assert lines[0].startswith(f"Lead {ana} joined this lead on ")
    assert sum(" scored: {" in line for line in lines) == 3
    (became, entry) = ledgers.told_of_lead(made.services, made.tenant_id, ana)
    assert became.startswith(f"Lead {ana} joined lead {ben} on ")
    assert f"of {ANA}" in entry
    with pytest.raises(RejectedInput, match="holds nothing of lead"):
        ledgers.told_of_lead(made.services, made.tenant_id, ben + 1_000)


def test_a_join_that_is_taken_back_takes_its_past_along(store: Store) -> None:
    """By another address, and by an admin's word; the other's past stays where it is."""
    made, ana, ben, first, second = _joined(store)
    _rename(made, ANA, MAIL[ANA])
    back = made.lead_of(ANA)
    # A number is given once: else another person's past would be under it.
    assert back not in (ana, ben)
    assert _seen(made, back) == [first]
    assert _seen(made, ben) == [second]
    _rename(made, ANA, MAIL[BEN])
    with store.transaction() as session:
        query = sa.select(records_table.c.id).where(records_table.c.vendor_id == ANA)
        assert persons.set_apart(session, made.tenant_id, session.execute(query).scalar_one(), apart=True)
    made.read(Page(cursor={}, drained=True))
    apart = made.lead_of(ANA)
    assert _seen(made, apart) == [first]
    assert _seen(made, ben) == [second]
    _erase(made, erasing.ask_for_lead(made.services, made.tenant_id, ben, "test"))
    assert _bodies(made) == {first}
    assert _seen(made, apart) == [first]


def test_a_record_that_left_before_the_end_takes_nothing_along(store: Store) -> None:
    """A lead that lives on keeps its past, and gives it to whom it becomes later."""
    made = people(store)
    ana = made.lead_of(ANA)
    twin = replace(told(ANA).records[0], record_id="3")
    made.read(Page(cursor={}, drained=True, records=(twin,)))
    assert made.lead_of("3") == ana
    first = _scored(made, ANA)
    made.world.clock.sleep(60)
    other = replace(twin, email="cleo@firm.com", modified_at=made.world.clock.now())
    made.read(Page(cursor={}, drained=True, records=(other,)))
    assert made.lead_of("3") != ana == made.lead_of(ANA)
    assert _seen(made, made.lead_of("3")) == []
    _rename(made, ANA, MAIL[BEN])
    assert _seen(made, made.lead_of("3")) == []
    assert _seen(made, made.lead_of(BEN)) == [first]


def test_the_newest_lead_s_number_is_not_given_again(store: Store) -> None:
    """Where the lead that ends is the newest of all, and where nothing of it is left but its number in the ledger."""
    made = people(store)
    ben = made.lead_of(BEN)
    first = _scored(made, BEN)
    _rename(made, BEN, MAIL[ANA])
    fresh = Record("3", "cleo@firm.com", NOW, NOW, {})
    made.read(Page(cursor={}, drained=True, records=(fresh,)))
    assert made.lead_of("3") > ben
    assert _seen(made, made.lead_of("3")) == []
    assert _bodies(made) == {first}


@pytest.mark.parametrize("by", ["lead", "address", "the CRM"])
def test_who_is_erased_takes_along_all_who_joined_them(store: Store, by: str) -> None:
    """Also those that joined one of those, whoever names the person and by what."""
    made, _, _, first, second = _joined(store)
    cleo = replace(told(ANA).records[0], record_id="3", email="cleo@firm.com", properties={"mail": "cleo@firm.com"})
    made.read(Page(cursor={}, drained=True, records=(cleo,)))
    third, stays = _scored(made, "3"), made.lead_of("3")
    for person in (ANA, BEN):
        _rename(made, person, "cleo@firm.com")
    assert made.lead_of(ANA) == made.lead_of(BEN) == stays
    assert set(_seen(made, stays)) == {first, second, third}
    if by == "the CRM":
        gone = Removal(BEN, made.world.clock.now(), erased=True)
        made.read(Page(cursor={}, drained=True, removals=(gone,)))
        (erasure_id,) = erasing.due(made.services)
        _erase(made, erasure_id)
    elif by == "lead":
        _erase(made, erasing.ask_for_lead(made.services, made.tenant_id, stays, "test"))
    else:
        _erase(made, erasing.ask_for_email(made.services, made.tenant_id, "CLEO@firm.com ", "test"))
    assert _bodies(made) == set()
    assert _left(store) == 0


def test_a_record_that_was_merged_in_the_crm_leaves_its_past_to_the_survivor(store: Store) -> None:
    """At once, and once the record that was merged has gone by its time."""
    made = people(store)
    ana, ben = made.lead_of(ANA), made.lead_of(BEN)
    first, second = _scored(made, ANA), _scored(made, BEN)
    merged = Removal(ANA, made.world.clock.now(), merged_into=BEN)
    made.read(Page(cursor={}, drained=True, removals=(merged,)))
    assert made.lead_of(ANA) == ana
    assert _seen(made, ben) == [second, first]
    assert ledgers.told_of_lead(made.services, made.tenant_id, ana)[0].startswith(f"Lead {ana} joined lead {ben} on ")
    made.world.clock.at += made.services.keeping.archived + SECOND
    retention.purge(made.services, made.tenant_id)
    assert made.known() == {BEN}
    assert _seen(made, ben) == [second, first]
    _erase(made, erasing.ask_for_lead(made.services, made.tenant_id, ben, "test"))
    assert _bodies(made) == set()
    assert _left(store) == 0


def test_what_a_person_became_between_the_word_and_the_deed_goes_too(store: Store) -> None:
    """Nothing new is taken in meanwhile; what is here already may join still."""
    made = people(store)
    _scored(made, ANA)
    stays = _scored(made, BEN)
    erasure_id = erasing.ask_for_lead(made.services, made.tenant_id, made.lead_of(ANA), "test")
    for mail in ("cleo@firm.com", MAIL[BEN]):
        with store.transaction() as session:
            mine = sa.update(records_table).where(records_table.c.vendor_id == ANA)
            session.execute(mine.values(email=mail, identified_as=None))
        made.read(Page(cursor={}, drained=True))
        if made.lead_of(ANA) != made.lead_of(BEN):
            _scored(made, ANA)
    assert len(_bodies(made)) == 3
    _erase(made, erasure_id)
    assert _bodies(made) == {stays}


def _gone_for_long(made: People, *persons_gone: str) -> None:
    """Let people leave the CRM, and their records go by their time."""
    now = made.world.clock.now()
    gone = tuple(Removal(person, now) for person in persons_gone)
    made.read(Page(cursor={}, drained=True, removals=gone))
    made.world.clock.at = now + made.services.keeping.archived + SECOND
    assert retention.purge(made.services, made.tenant_id)["archived records"] == len(gone)


@pytest.mark.parametrize("by", ["number", "address", "the CRM"])
def test_who_left_the_crm_long_ago_is_still_found(store: Store, by: str) -> None:
    """The record is gone, and the lead; what was said is kept, and an erasure reaches it with those who had joined."""
    made, _, ben, first, second = _joined(store)
    cleo = Record("3", "cleo@firm.com", NOW, NOW, {"mail": "cleo@firm.com"})
    made.read(Page(cursor={}, drained=True, records=(cleo,)))
    stays = _scored(made, "3")
    _gone_for_long(made, ANA, BEN)
    assert made.known() == {"3"}
    assert _bodies(made) == {first, second, stays}
    lines = ledgers.told_of_lead(made.services, made.tenant_id, ben)
    assert lines[0].startswith(f"Lead {ben} ended: its last record left the CRM on ")
    if by == "number":
        _erase(made, erasing.ask_for_lead(made.services, made.tenant_id, ben, "test"))
    elif by == "address":
        _erase(made, erasing.ask_for_email(made.services, made.tenant_id, " BEN@firm.com", "test"))
    else:
        gone = tuple(Removal(person, made.world.clock.now(), erased=True) for person in (ANA, BEN))
        made.read(Page(cursor={}, drained=True, removals=gone))
        for erasure_id in erasing.due(made.services):
            assert erasing.carry_out(made.services, erasure_id)
    assert _bodies(made) == {stays}
    assert _left(store) == 0
    made.read(told(BEN))
    assert made.known() == {"3"}


@pytest.mark.parametrize("by", ["the first's number", "the second's number", "address"])
def test_leads_that_ended_under_two_keys_are_found_by_each_other(store: Store, by: str) -> None:
    """Of one address: the first ended before the rotation, the second after it."""
    made = people(store)
    ana, stays = made.lead_of(ANA), _scored(made, BEN)
    first = _scored(made, ANA)
    _gone_for_long(made, ANA)
    made.world.use_keys(NEWER_KEY, KEY)
    made.read(Page(cursor={}, drained=True, records=(replace(told(ANA).records[0], record_id="3"),)))
    again, second = made.lead_of("3"), _scored(made, "3")
    _gone_for_long(made, "3")
    assert _bodies(made) == {first, second, stays}
    if by == "address":
        _erase(made, erasing.ask_for_email(made.services, made.tenant_id, MAIL[ANA], "test"))
    else:
        lead = ana if by == "the first's number" else again
        _erase(made, erasing.ask_for_lead(made.services, made.tenant_id, lead, "test"))
    assert _bodies(made) == {stays}
    assert _left(store) == 0


def test_an_heir_that_lives_on_keeps_the_past_of_a_record_that_went(store: Store) -> None:
    """Ana's record goes by its time; Ben, whom she was found to be, is still there."""
    made, _, ben, first, second = _joined(store)
    _gone_for_long(made, ANA)
    assert _seen(made, ben) == [second, first]
    _erase(made, erasing.ask_for_lead(made.services, made.tenant_id, ben, "test"))
    assert _bodies(made) == set()
    assert _left(store) == 0


def test_what_is_said_of_ended_leads_goes_by_its_time(store: Store) -> None:
    """Where nobody was their heir; of one that joined another it is kept as long as that one."""
    made, _, _, first, second = _joined(store)
    alone = Record("3", "cleo@firm.com", NOW, NOW, {"mail": "cleo@firm.com"})
    made.read(Page(cursor={}, drained=True, records=(alone,)))
    third = _scored(made, "3")
    said = made.world.clock.now()
    _gone_for_long(made, "3")
    made.world.clock.at = said + made.services.keeping.ended
    assert retention.purge(made.services, made.tenant_id)["ended leads"] == 0
    assert _bodies(made) == {first, second, third}
    made.world.clock.at += SECOND
    assert retention.purge(made.services, made.tenant_id)["ended leads"] == 1
    assert _bodies(made) == {first, second}
    with store.reading() as session:
        assert session.execute(sa.select(lead_marks)).all() == []
        assert len(session.execute(sa.select(successions_table)).all()) == 1


def test_an_account_that_is_forgotten_takes_along_what_is_said_of_its_people(store: Store) -> None:
    """Those that ended before, with an heir there or none; another account's people stay."""
    made, _, _, _, _ = _joined(store)
    gone = Record("3", "cleo@firm.com", NOW, NOW, {"mail": "cleo@firm.com"})
    made.read(Page(cursor={}, drained=True, records=(gone,)))
    _scored(made, "3")
    _gone_for_long(made, "3")
    now = made.world.clock.now()
    with store.transaction() as session:
        account = replace(made.world.crm.account, account_id="2")
        other = connections.add(session, made.tenant_id, "fakecrm", account, now)
    second = People(made.world, replace(made.account, id=other, account_id="2"))
    dora = Record("4", "dora@firm.com", NOW, NOW, {})
    second.read(Page(cursor={}, drained=True, records=(dora,)))
    stays = _scored(second, "4")
    with store.transaction() as session:
        ledger.lock(session, made.tenant_id)
        while accounts.forget_some(session, made.tenant_id, made.account.id, 1):
            pass
    assert _bodies(made) == {stays}
    assert _left(store) == 0
