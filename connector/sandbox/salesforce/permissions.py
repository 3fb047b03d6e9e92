"""Who sees a field that was made without a package: nobody, until a permission set that is assigned says so.

Source: object reference, FieldPermissions. The connected user's assigned permission sets count together.
"""

from __future__ import annotations

from connector.sandbox.salesforce.errors import RecordError
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import Values

OBJECTS = frozenset({"PermissionSet", "PermissionSetAssignment", "FieldPermissions"})
ALONE = {
    "PermissionSet": (("Name",), "DUPLICATE_DEVELOPER_NAME", "The name you entered is already in use."),
    "PermissionSetAssignment": (("PermissionSetId", "AssigneeId"), "DUPLICATE_VALUE", "duplicate value found"),
    "FieldPermissions": (("ParentId", "Field"), "DUPLICATE_VALUE", "duplicate value found"),
}
"""Object → the fields that only one record may share, and how a second is refused."""


def check(hub: Hub, object_name: str, values: Values) -> None:
    """Raise :class:`RecordError` for a grant of a field that is not there, or one that is there already."""
    if object_name not in OBJECTS:
        return
    if object_name == "FieldPermissions":
        name, _, field = str(values.get("Field")).partition(".")
        of = hub.schema.objects.get(name)
        if of is None or name != values.get("SobjectType") or field not in of.fields:
            message = f"Field Name: bad value for restricted picklist field: {values.get('Field')}"
            raise RecordError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, ["Field"])
    fields, code, message = ALONE[object_name]
    for row in hub.tables[object_name].rows.values():
        if all(row.get(each) == values.get(each) for each in fields):
            raise RecordError(code, message, fields)


def follow(hub: Hub, object_name: str) -> None:
    """Work out anew which granted fields are seen, after records of ``object_name`` changed."""
    if object_name in OBJECTS:
        refresh(hub)


def refresh(hub: Hub) -> None:
    """Work out anew which of the fields that need a grant are seen and may be changed."""
    assigned = {
        row["PermissionSetId"]
        for row in hub.tables["PermissionSetAssignment"].rows.values()
        if row["AssigneeId"] == hub.people.integration
    }
    granted = [row for row in hub.tables["FieldPermissions"].rows.values() if row["ParentId"] in assigned]
    read = {str(row["Field"]) for row in granted if row["PermissionsRead"]}
    edit = {str(row["Field"]) for row in granted if row["PermissionsEdit"]}
    hub.schema.hidden -= hub.granted_fields & read
    hub.schema.hidden |= hub.granted_fields - read
    hub.schema.locked -= hub.granted_fields & edit
    hub.schema.locked |= hub.granted_fields - edit
    hub.schema.changed_at = hub.stage.clock.now().replace(microsecond=0)
