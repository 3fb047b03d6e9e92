"""Reading real exports: what arrives in the account, and what bad files are answered."""

from __future__ import annotations

import contextlib
import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.sandbox import Filling
from connector.sandbox.__main__ import main
from connector.sandbox.imports import ExportError, find_mapping, load_export, read_mapping
from connector.sandbox.imports.mapping import SHIPPED, FilesSection
from connector.sandbox.imports.table import read_table
from connector.sandbox.imports.values import as_type, parse_time, property_name, told_type
from tests.unit.sandbox.conftest import Starter
from tests.unit.sandbox.visitor import Visitor

NOW = datetime(2026, 2, 1, tzinfo=UTC)
MAPPING = """
[lead]
id = "Id"
email = "Mail"
created = "Created"
job_title = "Title"
missing = ["", "Select"]
all_columns = true
[lead.properties.size]
column = "Size"
type = "number"
label = "Team"
[deal]
lead = "Id"
won = "Won"
lost = "Lost"
amount = "Amount"
[tenant]
goal = "deal_won"
horizon_days = 60
[tenant.knowledge]
size = "intake"
"""
LEADS = """Id,Mail,Created,Title,Size,Won,Lost,Amount,Club Card
b,b@example.com,2025-03-02,CFO,12,2025-04-01 10:00:00,,1200.50,Gold
a,,2025-03-01,Select,,,,,Silver
c,C@Example.com,2025-03-03T08:30:00+02:00,Buyer,7,,2025-05-01,,Select
"""
EVENTS = """lead_id,at,kind,detail
a,2025-03-05 12:00:00,form,Contact us
a,2025-03-06,mail_click,https://www.example.com/pricing
b,2025-03-07,meeting,
"""
HISTORY = """lead_id,property,value,at
a,Club Card,Gold,2025-03-09
"""


def folder(path: Path, leads: str = LEADS, mapping: str = MAPPING, **more: str) -> Path:
    """Write an export."""
    (path / "leads.csv").write_text(leads, encoding="utf-8")
    (path / "mapping.toml").write_text(mapping, encoding="utf-8")
    for name, text in more.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def refusal(path: Path) -> str:
    """The sentence that an export is refused with."""
    with pytest.raises(ExportError) as refused:
        load_export(path, None, NOW)
    return str(refused.value)


def test_leads_come_in_order_of_creation_with_their_values(tmp_path: Path) -> None:
    """Order, addresses made up where missing, "missing" texts left out, types told from values."""
    of = load_export(folder(tmp_path), None, NOW)
    assert [lead.email for lead in of.leads] == ["lead-1@example.com", "b@example.com", "c@example.com"]
    assert of.leads[0].values == {"stage": "lead", "club_card": "Silver"}
    assert of.leads[1].values == {"stage": "lead", "job_title": "CFO", "size": "12", "club_card": "Gold"}
    fields = {field.name: (field.type, field.label, field.options) for field in of.fields}
    assert fields == {
        "size": ("number", "Team", ()),
        "club_card": ("enumeration", "Club Card", ("Gold", "Silver")),
    }


def test_deals_events_and_history_are_as_lived(tmp_path: Path, started: Starter) -> None:
    """Over HTTP: the deal with its date, the stage's history, the events, the last change."""
    path = folder(tmp_path, events=EVENTS, history=HISTORY)
    visitor = Visitor(started(filling=Filling(folder=path))).install()
    listed = visitor.get(
        "/crm/objects/2026-03/contacts", propertiesWithHistory="lifecyclestage,club_card", associations="deals,meetings"
    ).json()["results"]
    first, second, third = listed
    assert [each["value"] for each in first["propertiesWithHistory"]["club_card"]] == ["Gold", "Silver"]
    assert first["updatedAt"] == "2025-03-09T00:00:00.000Z"
    told = visitor.get("/_sandbox/population").json()
    assert (told["as_of"], told["tenant"]["goal"]) == ("2025-05-02T00:00:00+00:00", "deal_won")
    stages = second["propertiesWithHistory"]["lifecyclestage"]
    assert [(each["value"], each["timestamp"][:10]) for each in stages] == [
        ("customer", "2025-04-01"),
        ("lead", "2025-03-02"),
    ]
    assert set(second["associations"]) == {"deals", "meetings"}
    assert third["createdAt"] == "2025-03-03T06:30:00.000Z"
    deals = visitor.get("/crm/objects/2026-03/deals").json()["results"]
    assert [(each["properties"]["dealstage"], each["properties"]["amount"]) for each in deals] == [
        ("closedwon", "1200.50"),
        ("closedlost", None),
    ]
    assert deals[0]["properties"]["closedate"] == "2025-04-01T10:00:00.000Z"
    clicks = visitor.get("/email/public/v1/events").json()["events"]
    assert [(each["type"], each["recipient"]) for each in clicks] == [("CLICK", "lead-1@example.com")]


def test_the_run_is_as_of_a_day_after_the_last_dated_row(tmp_path: Path) -> None:
    """as_of is told by the mapping, or else a day after the last date of any file."""
    of = load_export(folder(tmp_path, events=EVENTS), None, NOW)
    assert of.as_of == datetime(2025, 5, 2, tzinfo=UTC)
    told = MAPPING.replace("[tenant]", '[tenant]\nas_of = "2025-06-01"')
    assert load_export(folder(tmp_path, mapping=told), None, NOW).as_of == datetime(2025, 6, 1, tzinfo=UTC)


def test_the_tenants_section_is_read_for_the_connector(tmp_path: Path) -> None:
    """Goal, horizon and knowledge are there for whoever sets the tenant up."""
    tenant = read_mapping(find_mapping(folder(tmp_path))).tenant
    assert (tenant.goal, tenant.horizon_days, dict(tenant.knowledge)) == ("deal_won", 60, {"size": "intake"})


def test_a_file_without_dates_keeps_its_order(tmp_path: Path) -> None:
    """With an order column alone, all are created at the import, in that order; outcomes have no date."""
    mapping = '[lead]\nid = "Id"\norder = "No"\n[outcome]\ncolumn = "Paid"\nwon = ["1"]\n'
    of = load_export(folder(tmp_path, "Id,No,Paid\nx,10,0\ny,9,1\n", mapping), None, NOW)
    assert [lead.values["stage"] for lead in of.leads] == ["customer", "lead"]
    assert of.as_of == NOW
    assert not of.leads[0].history


@pytest.mark.parametrize("name", ["olist-funnel", "xeducation"])
def test_shipped_mappings_are_found_by_the_folders_name(tmp_path: Path, name: str) -> None:
    """A folder without a mapping of its own takes the one that ships under its name."""
    export = tmp_path / name
    export.mkdir()
    assert find_mapping(export) == SHIPPED / f"{name}.toml"
    read_mapping(find_mapping(export))


def test_the_olist_shape(tmp_path: Path) -> None:
    """Two files under other names; what only won deals have goes on the deal, never on the contact."""
    export = tmp_path / "olist-funnel"
    export.mkdir()
    leads = "mql_id,first_contact_date,landing_page_id,origin\nm1,2018-02-01,p1,social\nm2,2018-02-05,p2,\n"
    (export / "mql.csv").write_text(leads)
    (export / "closed_deals.csv").write_text(
        "mql_id,seller_id,won_date,business_segment\nm2,s1,2018-02-03 19:58:54,pet\n"
    )
    of = load_export(export, None, NOW)
    assert of.leads[1].values == {"stage": "lead", "landing_page_id": "p2"}
    assert dict(of.deals[0].values) == {"seller_id": "s1", "business_segment": "pet"}
    assert of.deals[0].stages[-1][1] == "won"
    assert {field.name for field in of.fields if field.of == "lead"} == {"landing_page_id", "origin"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("Created,", "Made,"), "leads.csv has no column 'Created'"),
        (("2025-03-01", "yesterday"), "leads.csv, column 'Created', row 3: not a date"),
        (("2025-04-01 10:00:00", "won!"), "leads.csv, column 'Won', row 2: not a date"),
        (("1200.50", "much"), "leads.csv, column 'Amount', row 2: not a number"),
        ((",12,", ",twelve,"), "leads.csv, column 'Size', row 2: not a number"),
        (("a,,", "b,,"), "leads.csv, column 'Id', rows 2, 3: the same id more than once"),
        (("a,,", ",,"), "leads.csv, column 'Id', row 3: no id"),
        (("C@Example.com", "b@example.com"), "rows 2, 4: the same e-mail address more than once"),
        (("C@Example.com", "c.example.com"), "leads.csv, column 'Mail', row 4: not an e-mail address"),
        ((",Silver", ",Silver,extra"), "leads.csv, row 3: not as many cells"),
        (("Club Card", "Title"), "leads.csv has several columns named ['Title']"),
        (("Gold", '"Go"ld'), "leads.csv, row 2: not readable as CSV"),
    ],
)
def test_bad_leads_get_a_clear_sentence(tmp_path: Path, changed: tuple[str, str], said: str) -> None:
    """File, column and rows are named."""
    assert said in refusal(folder(tmp_path, LEADS.replace(*changed)))


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("events", EVENTS.replace("form", "sneeze"), "events.csv, column 'kind', row 2: not a known kind"),
        ("events", EVENTS.replace("b,", "z,"), "events.csv, column 'lead_id', row 4: no such lead"),
        ("events", EVENTS.replace("2025-03-06", "06/03"), "events.csv, column 'at', row 3: not a date"),
        ("history", HISTORY.replace("value,", "worth,"), "history.csv has no column 'value'"),
    ],
)
def test_bad_streams_get_a_clear_sentence(tmp_path: Path, file: str, text: str, said: str) -> None:
    """The optional files are checked just so."""
    assert said in refusal(folder(tmp_path, **{file: text}))


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[lead", "not readable as TOML"),
        ("[files]\n", "no [lead] section"),
        ('[lead]\nid = "Id"\n', "name the column of creation"),
        ('[lead]\nid = "Id"\ncreate = "Created"\n', "unknown keys ['create']"),
        ('[lead]\ncreated = "Created"\n', "a needed key is missing"),
        ('[lead]\nid = "Id"\ncreated = "Created"\n[tenant]\ntiming = "late"\n', "timing is one of"),
        ('[lead]\nid = "Id"\ncreated = "Created"\n[files]\nencoding = "klingon"\n', "not known"),
        ('[lead]\nid = "Id"\ncreated = "Created"\n[files]\nleads = "other.csv"\n', "other.csv is not in the folder"),
    ],
)
def test_bad_mappings_get_a_clear_sentence(tmp_path: Path, mapping: str, said: str) -> None:
    """Section and key are named."""
    assert said in refusal(folder(tmp_path, mapping=mapping))


def test_undecodable_bytes_name_the_row(tmp_path: Path) -> None:
    """The row is named, and both ways out are told."""
    folder(tmp_path)
    (tmp_path / "leads.csv").write_bytes(LEADS.replace("CFO", "Käufer").encode("latin-1"))
    said = refusal(tmp_path)
    assert "leads.csv, row 2: bytes that are not utf-8" in said
    latin = MAPPING + '[files]\nencoding = "latin-1"\n'
    (tmp_path / "mapping.toml").write_text(latin)
    assert load_export(tmp_path, None, NOW).leads[1].values["job_title"] == "Käufer"


def test_all_problems_are_told_at_once_and_no_value_is_quoted(tmp_path: Path) -> None:
    """Problems of several columns and files come together, the first twenty, without anyone's data."""
    leads = LEADS.replace("2025-03-01", "secret-date").replace(",12,", ",secret-size,")
    said = refusal(folder(tmp_path, leads, events=EVENTS.replace("b,", "z,")))
    assert said.count("\n- ") == 3
    assert "secret" not in said
    (tmp_path / "events.csv").unlink()
    many = "Id,Created\n" + "".join(f"{number},2025-01-01\n{number},2025-01-01\n" for number in range(25))
    assert "… and 5 more." in refusal(folder(tmp_path, many, '[lead]\nid = "Id"\ncreated = "Created"\n'))


def test_the_command_ends_with_the_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bad export ends the command with status 2 before anything is served."""
    folder(tmp_path, "Id\nx\n")
    assert main(["hubspot", "--data", str(tmp_path)]) == 2
    assert "leads.csv has no column" in capsys.readouterr().err


def test_a_folder_without_mapping_says_what_to_write(tmp_path: Path) -> None:
    """The places that were looked in are named."""
    assert "Write a mapping.toml" in refusal(tmp_path)


EARLIEST, LATEST = datetime.fromisoformat("1970-01-02"), datetime.fromisoformat("2099-12-30")
CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=8))
def test_any_csv_that_was_written_is_read_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Quotes, line breaks and blanks in cells survive; only the header's names are trimmed."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([["one", "two"], *rows])
    path = tmp_path_factory.mktemp("csv") / "any.csv"
    path.write_bytes(text.getvalue().encode())
    table = read_table(path, FilesSection())
    assert [list(row.cells.values()) for row in table.rows] == rows


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """No file makes the reader fail in another way than with its own error."""
    path = tmp_path_factory.mktemp("bytes") / "any.csv"
    path.write_bytes(content)
    with contextlib.suppress(ExportError):
        table = read_table(path, FilesSection())
        assert all(set(row.cells) == set(table.columns) for row in table.rows)


@given(st.datetimes(EARLIEST, LATEST), st.text(max_size=12))
def test_times_are_read_exactly_and_nothing_else_is(moment: datetime, other: str) -> None:
    """ISO times keep their milliseconds; other text is None, never an error."""
    assert parse_time(moment.isoformat()) == round(moment.replace(tzinfo=UTC).timestamp() * 1000)
    assert parse_time(other) is None or other.strip()[:1].isdigit()


@given(st.lists(st.text(min_size=1, max_size=10), max_size=30))
def test_every_value_fits_the_type_told_from_all(values: list[str]) -> None:
    """A type that was told from values takes each of them."""
    kind = told_type(values)
    assert all(as_type(value, kind) is not None for value in values)


@given(st.text(max_size=150))
def test_property_names_are_always_allowed(column: str) -> None:
    """Any column's name becomes one that the CRM takes."""
    name = property_name(column)
    assert 1 <= len(name) <= 100
    assert name[0].isalpha()
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789_")
