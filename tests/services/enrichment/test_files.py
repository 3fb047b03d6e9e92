"""Files of facts: every line is taken or told why not, twice the same is nothing new, dates are believed if past."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

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


def parquet(frame: pl.DataFrame) -> bytes:
    """Write a frame as a file."""
    packed = io.BytesIO()
    frame.write_parquet(packed)
    return packed.getvalue()


def alike(rows: int, **values: object) -> pl.DataFrame:
    """Return so many lines that all say the same: a few bytes, packed."""
    line = pl.DataFrame({"domain": [ALPHA]} | {name: [value] for name, value in values.items()})
    return pl.concat([line] * rows, rechunk=True)


def listed(values: int) -> pl.DataFrame:
    """Return a single line with a list of so many short values."""
    return pl.DataFrame({"domain": [ALPHA], "tech_stack": [pl.Series(["a"]).new_from_index(0, values)]})


def without_data(content: bytes) -> bytes:
    """Return a file whose footer is whole and whose data can't be unpacked."""
    footer = int.from_bytes(content[-8:-4], "little") + 8
    return b"PAR1" + b"\xff" * (len(content) - footer - 4) + content[-footer:]


def refused(content: bytes, words: str, mapping: str = "") -> None:
    """The file is refused with a sentence that has these words."""
    with pytest.raises(RejectedInput, match=words):
        read_file(content, read_mapping(mapping), NOW)


def test_a_parquet_file_is_refused_by_its_schema_before_anything_is_unpacked() -> None:
    """Columns without end, objects, and more facts than are allowed: the data are not looked at."""
    wide = {f"column {number}": 1.5 for number in range(300)}
    refused(without_data(parquet(alike(10, **wide))), "has 301 columns; 200 are allowed")
    refused(without_data(parquet(alike(10, industry={"a": 1}))), "'industry' holds objects")
    refused(without_data(parquet(alike(10, tech_stack=[["a"]]))), "'tech_stack' holds objects or lists of lists")
    many = pl.DataFrame({"domain": [ALPHA] * 50_000} | {name: [1] * 50_000 for name in wide}).select(pl.nth(range(42)))
    mapping = "\n".join(f"{name} = {name.replace(' ', '_')}:number" for name in many.columns[1:])
    refused(without_data(parquet(many)), "more than 48,780 lines, the most for its 41 columns of facts", mapping)


def test_columns_that_nobody_wants_are_not_unpacked() -> None:
    """What no field is made of may be as large as it likes."""
    found = read_file(parquet(alike(2_000, employees=7, notes="x" * 50_000)), {}, NOW)
    assert (facts(found), found.unread) == ({(ALPHA, "employees", "7")}, ("notes",))


BOMBS: dict[str, Callable[[], pl.DataFrame]] = {
    "a text that every line has": lambda: alike(20_000, industry="x" * 5_000),
    "one text": lambda: alike(1, industry="x" * 100_000_000),
    "a category": lambda: alike(1_000, industry="x" * 100_000).with_columns(pl.col("industry").cast(pl.Categorical)),
    "a list": lambda: listed(20_000_000),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_small_file_that_unpacks_to_a_large_one_is_refused(bomb: str) -> None:
    """However it is packed; and the process that serves the page does not unpack it."""
    content = parquet(BOMBS[bomb]())
    assert len(content) < 100_000
    refused(content, "unpacks to more than 64 MB")


def test_lists_have_an_end_too() -> None:
    """Many short values take little room unpacked and much as objects."""
    refused(parquet(listed(2_000_001)), "lists have 2,000,001 values")


def test_a_csv_has_at_most_so_many_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines times columns: short cells would be a hundred times larger as facts."""
    monkeypatch.setattr(files, "MOST_FACTS", 4)
    line = f"{ALPHA},1,2\n"
    assert read(f"domain,employees,funding\n{line}").taken == 1
    with pytest.raises(RejectedInput, match="more than 2 lines, the most for its 2 columns"):
        read(f"domain,employees,funding\n{line * 3}")


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
