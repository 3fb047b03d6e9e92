"""Files of ours for spreadsheets: no cell is a formula, and each text can be had back."""

from __future__ import annotations

import csv
import io

from hypothesis import example, given
from hypothesis import strategies as st

from connector.services import csv_lines

FORMULAS = "=+-@\t\r\n＝＋－＠"  # a spreadsheet in Japanese takes the full-width ones too
"""What a spreadsheet begins to compute at, or passes over to look for it behind."""

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


@given(st.sampled_from([*FORMULAS, ""]), CELLS)
@example("＝", 'HYPERLINK("//x")')  # as above
@example("\n", "=1+1")
def test_no_cell_begins_as_a_formula_does(first: str, rest: str) -> None:
    """It is the text behind an apostrophe, which spreadsheets do not show, or the text as it was."""
    text = first + rest
    file = "".join(csv_lines.written(["text", "more"], [[(text, "x")]]))
    (row,) = csv.DictReader(io.StringIO(file, newline=""))
    assert not row["text"].startswith(tuple(FORMULAS))
    assert row["text"] in (text, f"'{text}")
    assert (row["text"] == text) == (not text.startswith(tuple(FORMULAS)))
    assert row["more"] == "x"
