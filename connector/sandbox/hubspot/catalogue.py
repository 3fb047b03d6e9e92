"""An account's property definitions and groups, one catalogue an object type."""

from __future__ import annotations

import re
from typing import Any

from connector.sandbox.clock import iso
from connector.sandbox.hubspot.definitions import built_in, group_of
from connector.sandbox.hubspot.errors import ApiError, failure, invalid

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
FIELD_TYPES = {
    "string": {"text", "textarea", "html", "phonenumber", "file"},
    "number": {"number"},
    "date": {"date"},
    "datetime": {"date"},
    "bool": {"booleancheckbox"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
}


class Catalogue:
    """Definitions by name; archived ones apart. ``quota`` bounds the custom ones."""

    def __init__(self, object_type: str, quota: int) -> None:
        group, label = group_of(object_type)
        self.object_type = object_type
        self.quota = quota
        self.live: dict[str, dict[str, Any]] = {each["name"]: each for each in built_in(object_type)}
        self.archived: dict[str, dict[str, Any]] = {}
        self.groups: dict[str, dict[str, Any]] = {}
        self.add_group(group, label)

    def add_group(self, name: str, label: str, order: int = -1) -> dict[str, Any]:
        """Create a group; raise 409 if there is one of that name."""
        if name in self.groups:
            raise _exists(f"A property group named '{name}' already exists.", "Properties.GROUP_WITH_NAME_EXISTS")
        self.groups[name] = {"name": name, "label": label, "displayOrder": order, "archived": False}
        return self.groups[name]

    def custom_count(self) -> int:
        """Return how many live properties are not HubSpot's own."""
        return sum(not each["hubspotDefined"] for each in self.live.values())

    def create(self, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
        """Create a property from a request body; a name in the archive is restored.

        Raises 400 for a bad definition or a spent quota, 409 for a name in use.
        """
        _check(body)
        name = body["name"]
        if name in self.live:
            raise _exists(f"A property named '{name}' already exists.", "Properties.PROPERTY_WITH_NAME_EXISTS")
        if body["groupName"] not in self.groups:
            raise invalid(f"Property group '{body['groupName']}' does not exist.")
        if self.custom_count() >= self.quota:
            raise failure(400, "VALIDATION_ERROR", f"You have reached your limit of {self.quota} custom properties.")
        self.archived.pop(name, None)
        self.live[name] = _defined(body, now_ms)
        return self.live[name]

    def update(self, name: str, body: dict[str, Any], now_ms: int) -> dict[str, Any]:
        """Change label, group, options or description of a property; options are replaced whole."""
        known = self.get(name)
        if known["modificationMetadata"]["readOnlyDefinition"]:
            raise invalid(f"Property '{name}' is defined by HubSpot and cannot be changed.")
        for key in ("label", "groupName", "description", "options", "displayOrder", "hidden", "formField", "fieldType"):
            if key in body:
                known[key] = body[key]
        known["updatedAt"] = iso(now_ms)
        return known

    def get(self, name: str) -> dict[str, Any]:
        """Return a live definition; raise 404."""
        if name not in self.live:
            raise failure(
                404,
                "OBJECT_NOT_FOUND",
                f"Property {name} does not exist",
                sub_category="Properties.PROPERTY_DOES_NOT_EXIST",
            )
        return self.live[name]

    def archive(self, name: str) -> None:
        """Move a custom property to the archive, where its name can be restored from."""
        known = self.get(name)
        if known["hubspotDefined"]:
            raise failure(400, "VALIDATION_ERROR", f"Property '{name}' cannot be archived.")
        self.archived[name] = {**self.live.pop(name), "archived": True}

    def keep(self, definition: dict[str, Any]) -> None:
        """Add a definition that was there before the sandbox began; one of that name stays as it is."""
        self.live.setdefault(definition["name"], definition)


def _exists(message: str, sub_category: str) -> ApiError:
    return failure(409, "OBJECT_ALREADY_EXISTS", message, sub_category=sub_category)


def _check(body: dict[str, Any]) -> None:
    missing = [key for key in ("name", "label", "type", "fieldType", "groupName") if not body.get(key)]
    if missing:
        raise invalid(f"Some required fields were not set: {missing}")
    if not NAME.fullmatch(body["name"]):
        raise invalid(f"Property name '{body['name']}' may hold lowercase letters, digits and underscores only.")
    if body["fieldType"] not in FIELD_TYPES.get(body["type"], set()):
        raise invalid(f"fieldType '{body['fieldType']}' does not fit type '{body['type']}'.")
    if body["type"] == "enumeration" and not all("hidden" in each for each in body.get("options", [])):
        raise invalid("Every option needs label, value, displayOrder and hidden.")


def _defined(body: dict[str, Any], now_ms: int) -> dict[str, Any]:
    return {
        "description": "",
        "options": [],
        "displayOrder": -1,
        "hasUniqueValue": False,
        "hidden": False,
        "formField": False,
        "dataSensitivity": "non_sensitive",
        **{key: value for key, value in body.items() if key != "modificationMetadata"},
        "calculated": False,
        "externalOptions": False,
        "hubspotDefined": False,
        "archived": False,
        "createdAt": iso(now_ms),
        "updatedAt": iso(now_ms),
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": False,
            "readOnlyOptions": False,
            "readOnlyValue": False,
        },
    }
