"""SOQL: what queries find, how they are paged, and how wrong ones are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.sandbox import RunningSandbox
from connector.sandbox.salesforce import changes
from connector.sandbox.salesforce.soql.tokens import Token, unquoted
from tests.unit.sandbox.salesforce.conftest import Starter
from tests.unit.sandbox.salesforce.visitor import Visitor
from tests.unit.sandbox.standing_clock import StandingClock

PEOPLE: tuple[dict[str, Any], ...] = (
    {"LastName": "Adler", "Title": "Head of IT", "NumberOfEmployees": 10, "AnnualRevenue": 1000, "Rating": "Hot"},
    {"LastName": "berg", "Title": "100% owner", "NumberOfEmployees": 20, "HasOptedOutOfEmail": True},
    {"LastName": "O'Neil", "NumberOfEmployees": 30, "Email": "o@example.com", "Rating": "Cold"},
    {"LastName": "Zed", "Title": "head of sales", "AnnualRevenue": 5, "Company": "Zulu"},
)


@pytest.fixture(scope="module")
def known(roomy: RunningSandbox) -> Visitor:
    """An org with four leads."""
    visitor = Visitor(roomy).install()
    for person in PEOPLE:
        visitor.lead(**person)
    return visitor


def names(visitor: Visitor, rest: str) -> list[str]:
    """Return the last names that a query finds."""
    return [row["LastName"] for row in visitor.query("SELECT LastName FROM Lead", rest)]


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("LastName = 'ADLER'", "Adler"),
        ("LastName != 'adler'", "berg O'Neil Zed"),
        (r"LastName = 'O\'Neil'", "O'Neil"),
        ("LastName LIKE '%e%'", "Adler berg O'Neil Zed"),
        ("LastName LIKE '_dl%'", "Adler"),
        (r"Title LIKE '100\%%'", "berg"),
        ("Title = null", "O'Neil"),
        ("Title != null", "Adler berg Zed"),
        ("Title = ''", "O'Neil"),
        ("NumberOfEmployees > 10 AND NumberOfEmployees <= 30", "berg O'Neil"),
        ("NumberOfEmployees < 20", "Adler"),
        ("NumberOfEmployees IN (10, 30)", "Adler O'Neil"),
        ("LastName NOT IN ('Adler', 'Zed')", "berg O'Neil"),
        ("HasOptedOutOfEmail = true", "berg"),
        ("HasOptedOutOfEmail = FALSE AND (Rating = 'Hot' OR Rating = 'Cold')", "Adler O'Neil"),
        ("NOT LastName = 'Zed'", "Adler berg O'Neil"),
        ("NOT (Rating = 'Hot' OR Rating = 'Cold')", "berg Zed"),
        ("AnnualRevenue >= 5.0", "Adler Zed"),
        ("CreatedDate = TODAY", "Adler berg O'Neil Zed"),
        ("CreatedDate < LAST_N_DAYS:3", ""),
        ("CreatedDate > YESTERDAY", "Adler berg O'Neil Zed"),
        ("SystemModstamp >= 2020-01-01T00:00:00Z", "Adler berg O'Neil Zed"),
        ("SystemModstamp < 2020-01-01T00:00:00.000+0000", ""),
        ("ConvertedDate = 2026-01-01", ""),
        ("Owner.Name = 'sam seller' AND Lead.LastName = 'Zed'", "Zed"),
        ("Owner.Type = 'Queue'", ""),
        ("ConvertedOpportunity.IsWon = true", ""),
    ],
)
def test_conditions(known: Visitor, condition: str, found: str) -> None:
    """Each operator finds what it says; text is compared without case."""
    assert sorted(names(known, f"WHERE {condition}")) == sorted(found.split())


def test_order_puts_empty_values_first_unless_asked(known: Visitor) -> None:
    """Several fields, both directions, nulls at either end, limit and offset."""
    assert names(known, "ORDER BY Title") == ["O'Neil", "berg", "Adler", "Zed"]
    assert names(known, "ORDER BY Title DESC NULLS LAST") == ["Zed", "Adler", "berg", "O'Neil"]
    assert names(known, "ORDER BY Rating NULLS LAST, LastName DESC") == ["O'Neil", "Adler", "Zed", "berg"]
    assert names(known, "ORDER BY LastName LIMIT 2 OFFSET 1") == ["berg", "O'Neil"]


def test_related_records_are_nested_or_null(known: Visitor) -> None:
    """A related record carries its own attributes; names take the case of the org."""
    row = known.query("select lastname, owner.name, convertedaccount.name from lead where LastName = 'Zed'")[0]
    assert row["attributes"]["type"] == "Lead"
    assert (row["LastName"], row["Owner"]["Name"], row["ConvertedAccount"]) == ("Zed", "Sam Seller", None)
    assert row["Owner"]["attributes"]["type"] == "User"


def test_counting(known: Visitor) -> None:
    """COUNT() answers a number only, COUNT(field) a row without the empty ones."""
    assert known.get("/query", q="SELECT COUNT() FROM Lead").json() == {"totalSize": 4, "done": True, "records": []}
    row = known.query("SELECT COUNT(Id), COUNT(Title) titled FROM Lead")[0]
    assert row == {"attributes": {"type": "AggregateResult"}, "expr0": 4, "titled": 3}


def test_times_and_numbers_have_salesforces_forms(known: Visitor) -> None:
    """A time has an offset without a colon; a decimal field is always a decimal."""
    row = known.query("SELECT CreatedDate, AnnualRevenue, NumberOfEmployees FROM Lead WHERE LastName = 'Adler'")[0]
    assert row["CreatedDate"].endswith(".000+0000")
    assert (row["AnnualRevenue"], row["NumberOfEmployees"]) == (1000.0, 10)


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("SELECT Nope FROM Lead", "INVALID_FIELD", "No such column 'Nope' on entity 'Lead'"),
        ("SELECT Boss.Name FROM Lead", "INVALID_FIELD", "Didn't understand relationship 'Boss' in field path"),
        ("SELECT Id FROM Leads", "INVALID_TYPE", "sObject type 'Leads' is not supported"),
        ("SELECT Id FROM Lead WHERE Nope = 1", "INVALID_FIELD", "No such column 'Nope'"),
        ("SELECT Id FROM Lead WHERE CreatedDate > '2026-01-01T00:00:00Z'", "INVALID_FIELD", "of type dateTime"),
        ("SELECT Id FROM Lead WHERE LastName = 5", "INVALID_FIELD", "should be enclosed in quotes"),
        ("SELECT Id FROM Lead WHERE Description = 'x'", "INVALID_FIELD", "can not be filtered"),
        ("SELECT Id FROM Lead WHERE Id = '12'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field"),
        ("SELECT Id FROM Lead ORDER BY Description", "MALFORMED_QUERY", "can not be sorted"),
        ("SELECT Id, Id FROM Lead", "MALFORMED_QUERY", "duplicate field selected: Id"),
        ("SELECT Id FROM Lead WHERE LastName = 'a' OR Id = null AND Id = null", "MALFORMED_QUERY", "unexpected token"),
        ("SELECT Id FROM Lead GROUP BY Id", "MALFORMED_QUERY", "unexpected token: 'GROUP'"),
        ("SELECT Id FROM Lead WHERE", "MALFORMED_QUERY", "unexpected token: '<EOF>'"),
        ("SELECT FROM Lead", "MALFORMED_QUERY", "unexpected token: 'FROM'"),
        ("SELECT Id FROM Lead LIMIT 1 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000"),
        ("SELECT FIELDS(ALL) FROM Lead", "MALFORMED_QUERY", "LIMIT of at most 200"),
        ("SELECT FIELDS(ALL) FROM Lead LIMIT 201", "MALFORMED_QUERY", "LIMIT of at most 200"),
        (r"SELECT Id FROM Lead WHERE LastName = '\q'", "MALFORMED_QUERY", "Illegal escape"),
        ("SELECT Id FROM Lead WHERE LastName = 'open", "MALFORMED_QUERY", "unexpected token"),
        ("UPDATE Lead", "MALFORMED_QUERY", "unexpected token: 'UPDATE'"),
    ],
)
def test_wrong_queries_are_refused_in_salesforces_words(known: Visitor, query: str, code: str, words: str) -> None:
    """One wrong name fails the whole query, with the place where it stands."""
    found, message = known.refusal(query)
    assert found == code
    assert words in message


def test_all_fields_can_be_asked_for_up_to_two_hundred_rows(known: Visitor) -> None:
    """FIELDS(ALL) has what describe lists."""
    row = known.query("SELECT FIELDS(ALL) FROM Lead LIMIT 200")[0]
    described = known.get("/sobjects/Lead/describe").json()["fields"]
    assert set(row) == {each["name"] for each in described} | {"attributes"}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=40))
def test_any_text_can_be_quoted(text: str) -> None:
    """What is escaped as the guide says is read as it was."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    assert unquoted("", Token("string", f"'{escaped}'", 0)) == text


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet="SELECT FROMWHEREidLeadnot()=,'<>\\1.%", max_size=60))
def test_nonsense_is_refused_and_never_breaks(known: Visitor, text: str) -> None:
    """Whatever is sent as a query is answered or refused."""
    assert known.get("/query", q=text).status_code in (200, 400)


def test_pages_follow_by_a_relative_address(started: Starter) -> None:
    """A page holds 2,000 rows, or as many as the header asks for; the locator leads on."""
    visitor = Visitor(started()).install()
    with visitor.hub.stage.lock:
        for number in range(2_050):
            changes.create(visitor.hub, "Lead", {"LastName": f"L{number:04d}", "Company": "A"}, visitor.hub.user())
    first = visitor.get("/queryAll", q="SELECT LastName FROM Lead ORDER BY LastName").json()
    assert (first["totalSize"], first["done"], len(first["records"])) == (2050, False, 2000)
    assert first["nextRecordsUrl"].startswith("/services/data/v68.0/query/01g")
    rest = visitor.session.get(visitor.origin + first["nextRecordsUrl"]).json()
    assert (rest["done"], len(rest["records"]), rest["records"][-1]["LastName"]) == (True, 50, "L2049")
    small = visitor.send("GET", "/query?q=SELECT+Id+FROM+Lead", **{"Sforce-Query-Options": "batchSize=200"}).json()
    assert len(small["records"]) == 200


def test_unknown_old_and_crowded_out_locators_are_refused(started: Starter) -> None:
    """Ten cursors stay open, for two days."""
    clock = StandingClock()
    visitor = Visitor(started(clock)).install()
    with visitor.hub.stage.lock:
        for number in range(201):
            changes.create(visitor.hub, "Lead", {"LastName": f"L{number}", "Company": "A"}, visitor.hub.user())
    sent = {"Sforce-Query-Options": "batchSize=200"}
    pages = [visitor.send("GET", "/query?q=SELECT+Id+FROM+Lead", **sent).json()["nextRecordsUrl"] for _ in range(11)]
    assert visitor.session.get(visitor.origin + pages[0]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert visitor.session.get(visitor.origin + pages[1]).status_code == 200
    clock.sleep(2 * 86_400 + 1)
    visitor.take(visitor.refresh(visitor.tokens["refresh_token"]).json())
    assert visitor.session.get(visitor.origin + pages[1]).json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
    assert visitor.get("/query/nonsense").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"


def test_an_address_is_at_most_16_kilobytes(known: Visitor) -> None:
    """Longer ones are answered 414."""
    assert (
        known.get("/query", q=" ".join(["SELECT Id FROM Lead WHERE LastName =", repr("x" * 16_400)])).status_code == 414
    )


def test_ids_of_fifteen_characters_are_found_and_eighteen_answered(known: Visitor) -> None:
    """Both forms name the same record; keyset paging by id is ordered."""
    ids = [row["Id"] for row in known.query("SELECT Id FROM Lead ORDER BY Id")]
    assert ids == sorted(ids)
    assert known.query("SELECT Id FROM Lead", f"WHERE Id = '{ids[0][:15]}'")[0]["Id"] == ids[0]
    assert [row["Id"] for row in known.query("SELECT Id FROM Lead", f"WHERE Id > '{ids[1]}' ORDER BY Id")] == ids[2:]


def test_rows_become_visible_late_and_out_of_order(started: Starter) -> None:
    """A user's change is stamped at once and seen when it commits; the client's own is seen at once."""
    clock = StandingClock()
    visitor = Visitor(started(clock, index_lag_seconds=60.0)).install()
    made = []
    for number in range(12):
        made.append(visitor.lead(LastName=f"L{number:02d}"))
        clock.sleep(5)
    early = [row["Id"] for row in visitor.query("SELECT Id FROM Lead ORDER BY SystemModstamp, Id")]
    assert 0 < len(early) < 12
    assert early != made[: len(early)]
    clock.sleep(60)
    assert [row["Id"] for row in visitor.query("SELECT Id FROM Lead ORDER BY SystemModstamp, Id")] == made
    visitor.send("PATCH", f"/sobjects/Lead/{made[0]}", {"Title": "CTO"})
    assert visitor.query("SELECT Id FROM Lead WHERE Title = 'CTO'")[0]["Id"] == made[0]
