"""Who sees a field that was made without a package: nobody, until a permission set that is assigned says so.

Source: object reference, FieldPermissions. The connected user's assigned permission sets count together.
"""

from __future__ import annotations

from connector.sandbox.salesforce.hub import Hub

OBJECTS = frozenset({"PermissionSet", "PermissionSetAssignment", "FieldPermissions"})


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
