"""The history that the org keeps of tracked fields, and of every opportunity's stage and amount."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import Value, Values

TABLES = {"Lead": "LeadHistory", "Contact": "ContactHistory", "Opportunity": "OpportunityFieldHistory"}
PARENTS = {
    "LeadHistory": ("Lead", "LeadId"),
    "ContactHistory": ("Contact", "ContactId"),
    "OpportunityFieldHistory": ("Opportunity", "OpportunityId"),
}
"""History object → the object that it is of, and the field that names the record."""

WATCHED = ("StageName", "Amount", "Probability", "CloseDate")
DATA_TYPES = {"string": "Text", "picklist": "Text", "currency": "Currency", "date": "DateOnly", "datetime": "DateTime"}

Written = tuple[str, Values]


def tracks(hub: Hub, object_name: str) -> bool:
    """Tell whether the admin turned history on for an object."""
    return object_name in TABLES and any(each.startswith(f"{object_name}.") for each in hub.org.tracked)


def changed(hub: Hub, object_name: str, before: Values, after: Values, at: tuple[str, int]) -> Iterator[Written]:
    """Yield the history rows of a change of tracked fields; ``at``: by whom, and when."""
    if not tracks(hub, object_name):
        return
    for field in hub.schema.objects[object_name].fields.values():
        pair = (before.get(field.name), after.get(field.name))
        if f"{object_name}.{field.name}" not in hub.org.tracked or pair[0] == pair[1]:
            continue
        kind = DATA_TYPES.get(field.type, "Text")
        if field.type == "reference":
            # Two rows, as on a live org: one with the names, one with the ids.
            names = (_name(hub, pair[0]), _name(hub, pair[1]))
            yield _row(hub, object_name, after, at, field.relationship, names, "Text")
            yield _row(hub, object_name, after, at, field.relationship, pair, "EntityId")
        else:
            yield _row(hub, object_name, after, at, field.name, pair, kind)


def happened(hub: Hub, object_name: str, record: Values, at: tuple[str, int], word: str) -> Iterator[Written]:
    """Yield the row of something that is no field: ``created``, ``leadConverted``, ``leadMerged``."""
    if tracks(hub, object_name):
        yield _row(hub, object_name, record, at, word, (None, None), "Text")


def snapshot(hub: Hub, before: Values, after: Values, at: tuple[str, int]) -> Iterator[Written]:
    """Yield the row of an opportunity's history, where one of the four watched values changed."""
    if all(before.get(name) == after.get(name) for name in WATCHED):
        return
    amount, chance = after.get("Amount"), after.get("Probability")
    values: dict[str, Value] = {
        "OpportunityId": after["Id"],
        "CreatedById": at[0],
        "CreatedDate": at[1],
        "SystemModstamp": at[1],
        "IsDeleted": False,
        "ExpectedRevenue": Decimal(str(amount)) * Decimal(str(chance or 0)) / 100 if amount is not None else None,
        "PrevAmount": before.get("Amount"),
        "PrevCloseDate": before.get("CloseDate"),
        "ForecastCategory": after.get("ForecastCategory"),
        **{name: after.get(name) for name in WATCHED},
    }
    yield _with_id(hub, "OpportunityHistory", values)


def keep(hub: Hub, rows: Iterator[Written], visible_ms: int) -> None:
    """Keep history rows; they are seen when their record's change is."""
    for object_name, values in rows:
        hub.tables[object_name].put(str(values["Id"]), values, visible_ms)


def _name(hub: Hub, row_id: Value) -> Value:
    for name in ("User", "Group", "Account", "Contact", "Campaign"):
        row = hub.tables[name].rows.get(str(row_id))
        if row:
            return row.get("Name")
    return None


def _row(
    hub: Hub, object_name: str, record: Values, at: tuple[str, int], word: str, pair: tuple[Value, Value], kind: str
) -> Written:
    table = TABLES[object_name]
    values: dict[str, Value] = {
        PARENTS[table][1]: record["Id"],
        "CreatedById": at[0],
        "CreatedDate": at[1],
        "IsDeleted": False,
        "Field": word,
        "DataType": kind,
        "OldValue": pair[0],
        "NewValue": pair[1],
    }
    return _with_id(hub, table, values)


def _with_id(hub: Hub, table: str, values: Values) -> Written:
    row_id = hub.new_id(table)
    return table, {"Id": row_id, **values}
