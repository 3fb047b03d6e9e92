"""Gathering records that were there before the sandbox began."""

from __future__ import annotations

from connector.sandbox.salesforce.history import TABLES, WATCHED, tracks
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import Value, Values

SECOND_MS = 1000


class Loader:
    """Takes records with their own times, then puts them into the org at once."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._rows: dict[str, dict[str, dict[str, Value]]] = {name: {} for name in hub.tables}
        self._blank: dict[str, dict[str, Value]] = {
            name: {each.name: False for each in of.fields.values() if each.type == "boolean"}
            for name, of in hub.schema.objects.items()
        }

    def add(self, object_name: str, created_ms: int, modified_ms: int, values: Values) -> str:
        """Take a record and return its id."""
        row_id, seller = self.hub.new_id(object_name), self.hub.people.seller
        row: dict[str, Value] = {
            **self._blank[object_name],
            "Id": row_id,
            "CreatedDate": created_ms // SECOND_MS * SECOND_MS,
            "CreatedById": seller,
            "LastModifiedById": seller,
            "OwnerId": seller,
        }
        row |= {name: value for name, value in values.items() if value is not None}
        self._rows[object_name][row_id] = row
        self.touch(object_name, row_id, modified_ms, {})
        return row_id

    def touch(self, object_name: str, row_id: str, at_ms: int, values: Values) -> None:
        """Give a taken record values that it got at a later time."""
        at = at_ms // SECOND_MS * SECOND_MS
        self._rows[object_name][row_id] |= {**values, "LastModifiedDate": at, "SystemModstamp": at}

    def row(self, object_name: str, row_id: str) -> dict[str, Value]:
        """Return a taken record."""
        return self._rows[object_name][row_id]

    def converted(self) -> dict[str, str]:
        """Return contact → the lead that it was."""
        leads = self._rows["Lead"]
        return {str(row["ConvertedContactId"]): row_id for row_id, row in leads.items() if "ConvertedContactId" in row}

    def tell(
        self, object_name: str, row_id: str, at_ms: int, word: str, pair: tuple[Value, Value] = (None, None)
    ) -> None:
        """Take a row of field history, where the admin turned that field's on; other words are no fields."""
        fields = self.hub.schema.objects[object_name].fields
        if not tracks(self.hub, object_name):
            return
        if word in fields and f"{object_name}.{word}" not in self.hub.org.tracked:
            return
        values: dict[str, Value] = {"Field": word, "DataType": "Text", "OldValue": pair[0], "NewValue": pair[1]}
        self.add(TABLES[object_name], at_ms, at_ms, {**values, f"{object_name}Id": row_id})

    def snapshot(self, deal_id: str, at_ms: int, values: Values, before: Values) -> None:
        """Take a row of an opportunity's own history."""
        kept = {name: values.get(name) for name in (*WATCHED, "ForecastCategory")}
        earlier = {"PrevAmount": before.get("Amount"), "PrevCloseDate": before.get("CloseDate")}
        self.add("OpportunityHistory", at_ms, at_ms, {"OpportunityId": deal_id, **kept, **earlier})

    def load(self) -> None:
        """Put everything that was taken into the org, each record with the fields that its object has."""
        for name, rows in self._rows.items():
            known = self.hub.tables[name].definition.fields
            self.hub.tables[name].load(
                (row_id, {field: value for field, value in row.items() if field in known})
                for row_id, row in rows.items()
            )
