"""The CSV of a Bulk job."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce.bulk import rows

CELL = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"), max_size=20)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=8))
def test_every_cell_comes_back(cells: list[list[str]]) -> None:
    """Quotes, commas, newlines and every script survive; an empty cell is none."""
    table = [["00Q1", *pair] for pair in cells]
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([["Id", "A", "B"], *table])
    found = list(rows(out.getvalue().encode()))
    assert found == [{"Id": key, "A": a or None, "B": b or None} for key, a, b in table]


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
