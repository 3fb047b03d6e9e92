"""Files of facts: every line is taken or told why not, twice the same is nothing new, dates are believed if past."""

from __future__ import annotations

import io
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RejectedInput
from connector.services.enrichment import files, sources
from connector.services.enrichment.files import read_file, read_mapping
from connector.services.enrichment.uploading import upload
from connector.store import enriched
from connector.store.session import Store
from tests.services.enrichment.firms import ALPHA, BETA, DAY, Firms, firms, person
from tests.world import NOW

HEAD = "Website,Employees,ESG rating,Tech stack\n"


@pytest.fixture
def alpha(lite: Store) -> Iterator[Firms]:
    """Leads of two firms; files are turned on."""
    with firms(lite, [person(1, ALPHA), person(2, BETA)]) as made:
        sources.turn_on(made.services, made.tenant_id, "upload")
        yield made


def read(text: str, mapping: str = "") -> files.Read:
    """Read a CSV at the test's instant."""
    return read_file(text.encode(), read_mapping(mapping), NOW)


def facts(found: files.Read) -> set[tuple[str, str, str]]:
    """Domain, field and value of each fact."""
    return {(fact.domain, fact.field, fact.value) for fact in found.facts}


def test_columns_are_known_by_their_heading_or_named() -> None:
    """Usual headings need no mapping, others get one; what is not read is told."""
    found = read(HEAD + 'https://www.alpha-firm.org/about,"1,200",AA,"sap; aws|Python"\n')
    assert facts(found) == {
        (ALPHA, "employees", "1200"),
        (ALPHA, "esg_rating", "AA"),
        (ALPHA, "tech_stack", "Python;aws;sap"),
    }
    found = read(
        "Firma;Mitarbeiter;Wärme;Notiz\nalpha-firm.org;12;0,5;x\n",
        "Firma = domain\nMitarbeiter=employees\nWärme = heat:category",
    )
    assert facts(found) == {(ALPHA, "employees", "12"), (ALPHA, "heat", "0,5")}
    assert found.unread == ("Notiz",)


def test_each_bad_line_is_told_with_its_number_and_the_others_are_taken() -> None:
    """Nothing is lost in silence: taken and refused lines are all lines."""
    found = read(
        "domain,employees,date\n"
        f"{ALPHA},12,2026-01-01\n"
        "gmail.com,1,\n"
        "not a site,1,\n"
        f"{BETA},many,\n"
        f"{BETA},1,tomorrow\n"
        f"{BETA},1,2999-01-01\n"
        f"{BETA},1\n"
        "\n"
        f"{ALPHA},13,2026-01-01\n"
        f"{BETA},NaN,\n"
        f"{BETA},,\n"
    )
    assert {line.line: line.reason for line in found.refused} == {
        3: "'domain' names no company's site such as example.org",
        4: "'domain' names no company's site such as example.org",
        5: "'employees' is no number such as 1250 or 0.5",
        6: "'date' is no date such as 2026-03-31",
        7: "'date' lies in the future",
        8: "has 2 cells where the heading has 3",
        10: f"tells of {ALPHA} again, as line 2 does",
        11: "'employees' is no number such as 1250 or 0.5",
    }
    assert found.taken == 2
    assert facts(found) == {(ALPHA, "employees", "12")}


def test_a_quote_that_never_ends_is_told_with_the_line_where_it_begins() -> None:
    """What follows it can't be told apart, so the line is named from which on nothing was read."""
    found = read(f'domain,industry\n{ALPHA},retail\n{BETA},"mach\nx,y\n')
    assert [line.line for line in found.refused] == [3]
    assert found.taken == 1


@pytest.mark.parametrize(
    ("text", "mapping", "words"),
    [
        ("", "", "first line must name the columns"),
        ("employees\n1\n", "", "No column holds the company's domain"),
        ("domain,x\na.org,1\n", "", "No column holds a fact"),
        ("domain,employees,headcount\na.org,1,1\n", "", "Two columns are employees"),
        ("domain,employees\na.org,1\n", "y = size", "no column 'y'"),
        ("domain,employees\na.org,1\n", "employees = employees:date", "of the type number"),
        ("domain,x\na.org,1\n", "x = y:colour", "The type of y"),
        ("domain,x\na.org,1\n", "x = Über", "A field's name"),
        ("domain,x\na.org,1\n", "x", "A line such as"),
    ],
)
def test_a_file_that_can_not_be_read_is_refused_in_a_sentence(text: str, mapping: str, words: str) -> None:
    with pytest.raises(RejectedInput, match=words):
        read(text, mapping)


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(RejectedInput, match="Line 2 is not UTF-8"):
        read_file(b"domain,employees\nb\xff.org,1\n", {}, NOW)
    with pytest.raises(RejectedInput, match="Parquet"):
        read_file(b"PAR1 but not really", {}, NOW)


@given(st.text(max_size=200))
def test_whatever_a_file_holds_it_is_read_or_refused(text: str) -> None:
    """No other error than the one that has a sentence for the admin, and no line without a verdict."""
    try:
        found = read_file(f"domain,employees\n{text}".encode(errors="replace"), {}, NOW)
    except RejectedInput:
        return
    assert all(fact.known_at == NOW for fact in found.facts)
    assert found.taken + len(found.refused) <= text.count("\n") + text.count("\r") + 1


def test_parquet_says_what_csv_says(alpha: Firms) -> None:
    """Typed columns, lists and dates; nulls say nothing."""
    frame = pl.DataFrame(
        {
            "domain": [ALPHA, BETA],
            "employees": [120, None],
            "tech_stack": [["aws", "sap"], None],
            "as_of": [NOW - DAY, None],
        }
    )
    packed = io.BytesIO()
    frame.write_parquet(packed)
    done = upload(alpha.services, alpha.tenant_id, packed.getvalue())
    assert (done.taken, done.refused, done.changed) == (2, (), 2)
    values = alpha.history().values.filter(pl.col("field").str.starts_with("upload."))
    assert set(values.select("field", "value", "known_at").iter_rows()) == {
        ("upload.employees", "120", NOW - DAY),
        ("upload.tech_stack", "aws;sap", NOW - DAY),
    }


def test_the_same_file_again_changes_nothing_and_a_changed_value_counts_from_its_own_day(alpha: Firms) -> None:
    """Facts without a date count from the first file that had them; those with one from that date."""
    plain = f"domain,industry\n{ALPHA},retail\n".encode()
    assert upload(alpha.services, alpha.tenant_id, plain).changed == 1
    alpha.world.clock.at = later = NOW + 10 * DAY
    assert upload(alpha.services, alpha.tenant_id, plain).changed == 0
    dated = f"domain,industry,as of\n{ALPHA},machinery,2026-01-15\n".encode()
    assert upload(alpha.services, alpha.tenant_id, dated).changed == 1
    assert upload(alpha.services, alpha.tenant_id, dated).changed == 0
    assert upload(alpha.services, alpha.tenant_id, plain.replace(b"retail", b"mining")).changed == 1
    told = alpha.history().values.filter(pl.col("field") == "upload.industry").sort("known_at")
    assert told["value"].to_list() == ["machinery", "retail", "mining"]
    assert told["known_at"].to_list()[2] == later


def test_files_are_refused_until_they_are_turned_on_and_a_field_keeps_its_type(store: Store) -> None:
    """Opting in comes first; a later file can't change what a field is."""
    content = f"domain,x\n{ALPHA},1\n".encode()
    with firms(store, [person(1, ALPHA)]) as made:
        with pytest.raises(RejectedInput, match="not turned on"):
            upload(made.services, made.tenant_id, content, "x = heat:number")
        sources.turn_on(made.services, made.tenant_id, "upload")
        upload(made.services, made.tenant_id, content, "x = heat:number")
        with pytest.raises(RejectedInput, match="of the type number"):
            upload(made.services, made.tenant_id, content, "x = heat:category")
        with made.services.store.reading() as session:
            (row,) = enriched.catalogue(session, made.tenant_id)
        assert (row.field, row.companies, row.known_at) == ("heat", 1, NOW)
        assert made.history().values.filter(field="upload.heat")["value"].to_list() == ["1"]
