"""The providers by name; the only module that knows them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from connector.adapters.enrichment import generic, peopledatalabs
from connector.adapters.enrichment.calls import Door
from connector.adapters.enrichment.contract import CompanyField, Provider
from connector.adapters.enrichment.generic import HttpProvider, HttpSettings
from connector.adapters.enrichment.peopledatalabs import PeopleDataLabs
from connector.errors import SettingsError
from connector.records import FieldType

UPLOAD = "upload"
PDL = peopledatalabs.NAME
HTTP = generic.NAME
NAMES = (UPLOAD, PDL, HTTP)
ASKED = (PDL, HTTP)
"""Those that are asked; files are brought."""


@dataclass(frozen=True, slots=True)
class Providers:
    """How providers are reached in this deployment. ``pdl_base`` is the vendor's own origin or a sandbox's."""

    door: Door = field(default_factory=Door)
    pdl_base: str = peopledatalabs.ORIGIN

    def open(self, name: str, config: Mapping[str, Any], key: str) -> Provider:
        """Return a provider that is asked with ``key``."""
        if name == PDL:
            return PeopleDataLabs(self.door, key, self.pdl_base)
        if name == HTTP:
            return HttpProvider(self.door, HttpSettings.from_json(config), key)
        raise SettingsError(f"There is no provider {name} to ask; there are {', '.join(ASKED)}.")


def label_of(name: str, config: Mapping[str, Any]) -> str:
    """Return what people call a source."""
    if name == PDL:
        return PeopleDataLabs.label
    return str(config.get("label") or {UPLOAD: "your files", HTTP: "your provider"}.get(name, name))


def fields_of(name: str, config: Mapping[str, Any]) -> tuple[CompanyField, ...]:
    """Return the fields of a source as it is set up."""
    if name == PDL:
        return PeopleDataLabs.fields
    return tuple(
        CompanyField(each["name"], each["label"], FieldType(each["type"])) for each in config.get("fields", ())
    )
