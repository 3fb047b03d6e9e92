"""Free text leaves the store only where it was opted in, and without what tells who wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import RejectedInput
from connector.records import Account, FieldDefinition, FieldRole, FieldType, Page, PropertyChange, Record
from connector.services import free_text, snapshot
from connector.services.free_text import scrub
from connector.store import fields, tenants
from connector.store.frames import Cut
from scoring.schema import History
from tests import databases
from tests.fakecrm import FakeAccount, FakeApp
from tests.world import NOW, World, world

FIELDS = (
    FieldDefinition("first", "First name", FieldType.TEXT, personal=True, role=FieldRole.FIRST_NAME),
    FieldDefinition("last", "Last name", FieldType.TEXT, personal=True, role=FieldRole.LAST_NAME),
    FieldDefinition("message", "Message", FieldType.TEXT, personal=True),
    FieldDefinition("city", "City", FieldType.CATEGORY),
    FieldDefinition("stage", "Stage", FieldType.TEXT, system=True),
)
SAID = (
    "Hi, this is Ana-Maria O'Neill of acme-tools.example, call +351 912 345 678 or (021) 555-0199, "
    "write to ana.oneill@acme.example or see https://acme.example/x?y=1. We need a QUOTE for 40 machines. Regards, ana"
)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[World, object]]:
    """A tenant with one person who wrote a message, and was called otherwise once."""
    store = databases.sqlite_store(tmp_path / "text.db")
    values = {"first": "Ana Maria", "last": "O'Neill", "message": SAID, "city": "Porto", "stage": "new"}
    record = Record("1", "p1@firm.org", NOW, NOW, values)
    changes = [PropertyChange("1", name, value, NOW) for name, value in values.items()]
    changes.append(PropertyChange("1", "last", "Regards", NOW.replace(year=2020)))
    page = Page(cursor={}, drained=False, records=(record,), changes=tuple(changes))
    built = world(store)
    app = built.services.apps["fakecrm"]
    assert isinstance(app, FakeApp)
    app.accounts["code-1"] = FakeAccount(Account("101", "Alpha", "https://x", "UTC"), FIELDS, {"people": [page]})
    tenant = built.install().tenant_id
    built.work(3)
    yield built, tenant
    store.close()


def history(made: tuple[World, object], cut: Cut | None = None) -> History:
    """What the models may see."""
    built, tenant = made
    with built.services.store.reading() as session:
        settings = tenants.get(session, tenant).settings  # type: ignore[arg-type]
    return snapshot.history(built.services, tenant, settings, cut)  # type: ignore[arg-type]


def said(found: History) -> list[str]:
    """The message as it left."""
    return found.values.filter(pl.col("field") == "fakecrm.message")["value"].to_list()


def test_a_message_stays_where_it_is_until_it_is_opted_in(made: tuple[World, object]) -> None:
    """Personal fields are kept from every model; opted in, the text leaves without who wrote it; opted out, no more."""
    built, tenant = made
    assert said(history(made)) == []
    free_text.choose(built.services, tenant, "message", on=True)  # type: ignore[arg-type]
    found = history(made)
    (text,) = said(found)
    assert text == "Hi, this is of , call or , write to or see We need a QUOTE for machines. ,"
    (field,) = (item for item in found.fields if item.name == "fakecrm.message")
    assert (field.words, field.blocked) == (True, False)
    assert not set(found.values["field"]) & {"fakecrm.first", "fakecrm.last"}
    (lead,) = found.leads["lead_id"]
    assert said(history(made, Cut((lead,)))) == [text]
    free_text.choose(built.services, tenant, "message", on=False)  # type: ignore[arg-type]
    assert said(history(made)) == []


@pytest.mark.parametrize("name", ["first", "city", "stage", "nowhere"])
def test_names_choices_and_system_fields_are_no_free_text(made: tuple[World, object], name: str) -> None:
    """Nor are they where the settings were written by hand."""
    built, tenant = made
    with pytest.raises(RejectedInput, match="no free text"):
        free_text.choose(built.services, tenant, name, on=True)  # type: ignore[arg-type]
    with built.services.store.transaction() as session:
        settings = tenants.get(session, tenant).settings  # type: ignore[arg-type]
        tenants.save_settings(session, tenant, replace(settings, free_text=[name]))  # type: ignore[arg-type]
        assert fields.of_tenant(session, tenant)  # type: ignore[arg-type]
    assert not set(history(made).values["field"]) & {"fakecrm.first", "fakecrm.stage"}


@given(st.text(max_size=80), st.sampled_from(["ana", "o'neill", "müller"]), st.text(max_size=80))
def test_a_name_an_address_and_a_number_never_get_through(before: str, name: str, after: str) -> None:
    """Whatever stands around them, as long as they stand apart."""
    text = f"{before} {name.upper()} {name}@x.example +49 (0)170 1234567 https://x.example/{name} {after}"
    clean = scrub(text, {name, *name.split("'")})
    assert f" {name} " not in f" {clean.lower()} "
    assert "@x.example" not in clean
    assert "x.example" not in clean
    assert "1234567" not in clean
