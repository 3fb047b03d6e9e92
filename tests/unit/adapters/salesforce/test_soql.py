"""SOQL with hostile values."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.adapters.salesforce import soql


def unescaped(literal: str) -> str:
    """Read a SOQL string literal as Salesforce does; fail if it ends before its end."""
    assert re.fullmatch(r"'(?:[^'\\\n\r]|\\[\\'nr])*'", literal)
    words = {"\\\\": "\\", "\\'": "'", "\\n": "\n", "\\r": "\r"}
    return re.sub(r"\\[\\'nr]", lambda found: words[found.group()], literal[1:-1])


@given(st.text())
def test_a_literal_holds_exactly_its_value(value: str) -> None:
    """No quote or backslash ends it early."""
    assert unescaped(soql.text(value)) == value


@pytest.mark.parametrize("name", ["Id FROM User", "Name'", "", "A-B", "Id,Name", "(SELECT Id FROM Contacts)"])
def test_only_field_names_are_selected(name: str) -> None:
    """What describe names is believed only as far as it is a name."""
    with pytest.raises(ValueError, match="no field name"):
        soql.select([name], "Lead")


def test_a_query_pages_by_stamp_and_id() -> None:
    """Times stand in UTC without quotes, ids in quotes."""
    place = soql.after(datetime(2026, 3, 2, 9, tzinfo=UTC), "00Q000000000001EAA")
    query = soql.select(["Id", "Owner.Name"], "Lead", ["IsConverted = false", place], "ORDER BY SystemModstamp, Id")
    assert query == (
        "SELECT Id,Owner.Name FROM Lead WHERE IsConverted = false AND (SystemModstamp > 2026-03-02T09:00:00.000Z OR "
        "(SystemModstamp = 2026-03-02T09:00:00.000Z AND Id > '00Q000000000001EAA')) ORDER BY SystemModstamp, Id"
    )


def test_a_full_list_of_ids_fits_an_address() -> None:
    """Chunks are as large as the address allows, and each id comes once."""
    ids = [f"00Q{number:015d}" for number in range(1000)]
    chunks = list(soql.chunks([*ids, *ids], soql.IDS))
    assert [item for chunk in chunks for item in chunk] == ids
    assert all(soql.fits(soql.select(["Id"] * 50, "Lead", [soql.any_of("Id", chunk)])) for chunk in chunks)


def test_too_many_fields_do_not_fit() -> None:
    """An org with hundreds of custom fields is noticed before Salesforce answers 414."""
    assert not soql.fits(soql.select([f"Custom_Field_With_A_Long_Name_{number}__c" for number in range(400)], "Lead"))
