"""Any provider that answers a GET with JSON: its address, its key's header and where its facts stand are settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connector.adapters.enrichment.calls import Door, Question
from connector.adapters.enrichment.contract import STANDARD, CompanyField, Finding
from connector.adapters.enrichment.values import read_time, read_value
from connector.errors import RejectedInput
from connector.records import FieldType

NAME = "http"
PLACE = "{domain}"
MOST_FIELDS = 50
_LONGEST_URL = 1_000
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PATH = re.compile(r"[A-Za-z0-9_$@-]+(\.[A-Za-z0-9_$@-]+){0,9}")
_FORBIDDEN = frozenset(("host", "content-length", "connection", "transfer-encoding", "cookie"))


@dataclass(frozen=True, slots=True)
class Mapped:
    """One fact of the answer: which field it is, and the path to it (names and list places, parted by dots)."""

    field: CompanyField
    path: str


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """How a provider is asked. ``url`` holds ``{domain}``; the secret goes into ``header``, after ``prefix``."""

    label: str
    url: str
    header: str
    prefix: str
    mapped: tuple[Mapped, ...]
    as_of_path: str

    def to_json(self) -> dict[str, Any]:
        """Return what is stored."""
        return {
            "label": self.label,
            "url": self.url,
            "header": self.header,
            "prefix": self.prefix,
            "as_of": self.as_of_path,
            "fields": [
                {"name": each.field.name, "label": each.field.label, "type": each.field.type, "path": each.path}
                for each in self.mapped
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> HttpSettings:
        """Read what is stored."""
        mapped = tuple(
            Mapped(CompanyField(each["name"], each["label"], FieldType(each["type"])), each["path"])
            for each in data["fields"]
        )
        return cls(data["label"], data["url"], data["header"], data["prefix"], mapped, data["as_of"])


def field_named(name: str, kind: str = "") -> CompanyField:
    """Return the field that a mapping names: a shared one, or the tenant's own of type ``kind`` (default: choice).

    Raises ``RejectedInput`` for a name or a type that is none.
    """
    if name in STANDARD and kind in ("", STANDARD[name].type):
        return STANDARD[name]
    if name in STANDARD:
        raise RejectedInput(f"The field {name} is of the type {STANDARD[name].type}, not {kind}.")
    if not _FIELD.fullmatch(name):
        raise RejectedInput(
            f"A field's name is made of a–z, 0–9 and _, and begins with a letter; {name[:60]!r} is not."
        )
    try:
        return CompanyField(name, name.replace("_", " ").capitalize(), FieldType(kind or FieldType.CATEGORY))
    except ValueError:
        raise RejectedInput(f"The type of {name} is one of {', '.join(FieldType)}, not {kind[:60]!r}.") from None


def read_settings(label: str, url: str, header: str, prefix: str, mapping: str, as_of_path: str) -> HttpSettings:
    """Check what an admin typed; ``mapping`` has a line ``field = path`` or ``field:type = path`` for each fact.

    Raises ``RejectedInput`` naming what is wrong.
    """
    if not 0 < len(label) <= 60:
        raise RejectedInput("A provider needs a name of 1 to 60 characters.")
    host = "/".join(url.partition("?")[0].split("/", 3)[:3])
    if url.count(PLACE) != 1 or PLACE in host or len(url) > _LONGEST_URL:
        raise RejectedInput(
            "The address holds {domain} once, after the host, such as https://api.example.com/companies/{domain}."
        )
    if header and (not _HEADER.fullmatch(header) or header.lower() in _FORBIDDEN):
        raise RejectedInput("The key's header is a name such as X-Api-Key or Authorization.")
    if not re.fullmatch(r"[ -~]{0,40}", prefix):
        raise RejectedInput("What stands before the key, such as Bearer, has at most 40 plain characters.")
    mapped = tuple(_mapped(line) for line in mapping.splitlines() if line.strip())
    names = [each.field.name for each in mapped]
    if not 0 < len(set(names)) == len(names) <= MOST_FIELDS:
        raise RejectedInput(f"Name 1 to {MOST_FIELDS} fields, each once.")
    if as_of_path and not _PATH.fullmatch(as_of_path):
        raise RejectedInput("The path to the date is names parted by dots, such as company.updated_at.")
    return HttpSettings(label, url, header, prefix, mapped, as_of_path)


def _mapped(line: str) -> Mapped:
    field, _, path = (part.strip() for part in line.partition("="))
    if not _PATH.fullmatch(path):
        raise RejectedInput(f"A line such as employees = company.size.count is wanted, not {line.strip()[:80]!r}.")
    name, _, kind = (part.strip() for part in field.partition(":"))
    return Mapped(field_named(name, kind), path)


class HttpProvider:
    """A provider as a tenant described it."""

    def __init__(self, door: Door, settings: HttpSettings, key: str) -> None:
        """Ask nothing yet."""
        self.label = settings.label
        self.fields = tuple(each.field for each in settings.mapped)
        self._door, self._settings, self._key = door, settings, key

    def look_up(self, domain: str) -> Finding | None:
        """Return what the provider knows of the company; see ``Provider.look_up``."""
        settings = self._settings
        headers = {settings.header: f"{settings.prefix} {self._key}".strip()} if settings.header else {}
        url = settings.url.replace(PLACE, quote(domain, safe=""))
        body = self._door.ask(self.label, Question(url, {}, headers))
        if body is None:
            return None
        values = {each.field.name: text for each in settings.mapped if (text := _fact(each, body)) is not None}
        return Finding(values, _as_of(at(body, settings.as_of_path))) if values else None


def at(body: Any, path: str) -> Any:
    """Return what stands at a path of an answer, None where nothing does."""
    for part in path.split(".") if path else ():
        if isinstance(body, dict):
            body = body.get(part)
        elif isinstance(body, list) and part.isdigit() and int(part) < len(body):
            body = body[int(part)]
        else:
            return None
    return body if path else None


def _fact(each: Mapped, body: Any) -> str | None:
    try:
        return read_value(each.field, at(body, each.path))
    except ValueError:
        return None


def _as_of(raw: Any) -> Any:
    try:
        return read_time(raw)
    except ValueError:
        return None
