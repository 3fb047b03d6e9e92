"""The CSV of a Bulk job."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.bulk_csv import CLEARED, rows, uploads

CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"), max_size=20)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=8))
def test_every_cell_comes_back(cells: list[list[str]]) -> None:
    """Quotes, commas, newlines and every script survive; an empty cell is none."""
    table = [["00Q1", *pair] for pair in cells]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["Id", "A", "B"], *table])
    found = list(rows(out.getvalue().encode()))
    assert found == [{"Id": key, "A": a or None, "B": b or None} for key, a, b in table]


ANY = st.text(st.characters(exclude_characters="\x00"), max_size=20)
TABLE = st.lists(st.lists(ANY, min_size=2, max_size=2), max_size=8)


@given(TABLE, st.integers(1, 200))
def test_what_is_uploaded_reads_back_as_it_was(cells: list[list[str]], most: int) -> None:
    """Every character but half a pair of them; rows are parted between uploads, never within; empty means cleared."""
    table = [[f"00Q{number}", *pair] for number, pair in enumerate(cells)]
    made = list(uploads(["Id", "A", "B"], table, most))
    assert [record_id for upload in made for record_id in upload.ids] == [row[0] for row in table]
    assert all(len(upload.content) <= most or len(upload.ids) == 1 for upload in made)
    found = [row for upload in made for row in rows(upload.content)]
    assert found == [
        {
            name: (cell or CLEARED).encode("utf-8", "replace").decode()
            for name, cell in zip("Id A B".split(), row, strict=True)
        }
        for row in table
    ]


@given(TABLE)
def test_any_reader_of_csv_reads_an_upload(cells: list[list[str]]) -> None:
    """A strict one finds a header, as many rows as were given, and nothing to object to."""
    table = [[f"00Q{number}", *pair] for number, pair in enumerate(cells)]
    for upload in uploads(["Id", "A", "B"], table):
        read = list(csv.reader(io.StringIO(upload.content.decode(), newline=""), strict=True))
        assert read[0] == ["Id", "A", "B"]
        assert [row[0] for row in read[1:]] == upload.ids


def test_umlauts_and_newlines_inside_quotes() -> None:
    """UTF-8 whatever the header says, and a line break is part of the value."""
    content = 'Id,Name,Note\n"1","Müller 株式会社","first\nsecond, ""third"""\n'.encode()
    assert list(rows(content)) == [{"Id": "1", "Name": "Müller 株式会社", "Note": 'first\nsecond, "third"'}]


def test_a_repeated_header_is_no_row() -> None:
    """Pages begin with the header, and joined ones may hold it twice."""
    assert list(rows(b"Id,A\n1,x\nId,A\n2,y\n")) == [{"Id": "1", "A": "x"}, {"Id": "2", "A": "y"}]


def test_an_empty_page_has_no_rows() -> None:
    """Neither header nor nothing at all is a row."""
    assert list(rows(b"")) == []
    assert list(rows(b"Id,A\n")) == []


def test_a_megabyte_in_a_cell_is_read() -> None:
    """A long text area is no reason to stop."""
    (row,) = rows(b'Id,A\n1,"' + b"x" * 1_000_000 + b'"\n')
    assert len(row["A"]) == 1_000_000
