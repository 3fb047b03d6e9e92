"""A Lead's or Contact's page, at the address to which Salesforce forwards from a record's id."""

from __future__ import annotations

from decimal import Decimal

from flask import Response

from connector.sandbox import record_page
from connector.sandbox.record_page import Line, RecordPage, Section
from connector.sandbox.salesforce import times
from connector.sandbox.salesforce.access import hub
from connector.sandbox.salesforce.ids import PREFIXES, normal
from connector.sandbox.salesforce.schema import FieldDef, ObjectDef, Value, Values

_FIRST = ("Name", "Title", "Company", "Email", "Status", "LeadSource")
_UNSHOWN = frozenset({"Id", "IsDeleted", "FirstName", "LastName", "SystemModstamp"})
"""What a page layout has no place for."""
OBJECTS = {PREFIXES[name]: name for name in ("Lead", "Contact")}

blueprint = record_page.blueprint()


@blueprint.get("/<row_id>")
def show(row_id: str) -> str | Response:
    """Show a Lead or a Contact: the fields that the org was given, then those that every org has."""
    of = hub().schema.object(OBJECTS.get(row_id[:3], ""))
    with hub().stage.lock:
        row = hub().seen(of.name, normal(row_id) or "") if of else None
        if of is None or row is None or row.get("IsDeleted"):
            return record_page.missing("Salesforce", "The org has no such Lead or Contact.")
        own = _lines(of, row, custom=True)
        sections = [Section("Custom fields", own)] if own else []
        sections.append(Section("Details", _lines(of, row, custom=False)))
    about = " · ".join(str(row[each]) for each in ("Title", "Company", "Email") if row.get(each))
    app, name = hub().stage.config.app.name, str(row.get("Name") or row.get("LastName"))
    return record_page.shown(RecordPage("Salesforce", hub().org.name, app, of.name, name, about, sections))


def _lines(of: ObjectDef, row: Values, *, custom: bool) -> list[Line]:
    """Return the fields that have a value and that the connected user sees."""
    seen = [each for each in hub().schema.visible(of) if each.custom is custom and each.name not in _UNSHOWN]
    seen.sort(key=lambda each: _FIRST.index(each.name) if each.name in _FIRST else len(_FIRST))
    return [Line(each.label, each.name, _text(each, row[each.name])) for each in seen if row.get(each.name) is not None]


def _text(field: FieldDef, value: Value) -> str:
    if field.type == "datetime" and isinstance(value, int):
        return f"{times.rest(value)[:16].replace('T', ' ')} UTC"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
