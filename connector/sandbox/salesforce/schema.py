"""The org's objects and fields: what there is, and what the connected user may see of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from connector.sandbox.salesforce.definitions import INDUSTRIES, OBJECTS, SCORE_FIELDS, SOURCES, TOOLING

LINE = re.compile(r"(?P<name>\w+) (?P<type>\w+)(?:\((?P<size>\d+)(?:,(?P<scale>\d+))?\))?(?P<rest>.*)", re.DOTALL)
TEXTS = frozenset({"string", "picklist", "multipicklist", "email", "phone", "url", "textarea", "anyType"})
NUMBERS = frozenset({"int", "double", "currency", "percent"})
OPTIONS = {"INDUSTRIES": INDUSTRIES, "SOURCES": SOURCES}
"""Sets of values that several objects share."""

LONG = 255
"""A text area of more characters is a long one: neither filtered nor sorted by."""


@dataclass(frozen=True, slots=True)
class FieldDef:
    """One field. ``references``: the objects that it may point to, by ``relationship``."""

    name: str
    type: str
    label: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    required: bool = False
    createable: bool = True
    updateable: bool = True
    filterable: bool = True
    custom: bool = False
    restricted: bool = False
    external_id: bool = False
    options: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    relationship: str = ""


@dataclass(slots=True)
class ObjectDef:
    """One object. ``keys`` maps lower-case names and relationships to fields, as SOQL knows no case."""

    name: str
    fields: dict[str, FieldDef] = field(default_factory=dict)
    keys: dict[str, FieldDef] = field(default_factory=dict)
    relationships: dict[str, FieldDef] = field(default_factory=dict)

    @property
    def stamp(self) -> str:
        """The field by which changes are found."""
        return "SystemModstamp" if "SystemModstamp" in self.fields else "CreatedDate"

    @property
    def has_bin(self) -> bool:
        """Whether deleted records stay in the recycle bin."""
        return "IsDeleted" in self.fields

    @property
    def writable(self) -> bool:
        """Whether clients may make records."""
        return any(each.createable for each in self.fields.values())

    def add(self, each: FieldDef) -> None:
        """Take up a field."""
        self.fields[each.name] = each
        self.keys[each.name.lower()] = each
        if each.relationship:
            self.relationships[each.relationship.lower()] = each


def parsed(line: str, *, custom: bool = False, label: str = "") -> FieldDef:
    """Return the field of one line of :mod:`connector.sandbox.salesforce.definitions`."""
    found = LINE.fullmatch(line)
    if found is None:
        raise ValueError(f"A field's definition can't be read: {line}")
    rest, _, options = found["rest"].partition("= ")
    rest, _, target = rest.partition("-> ")
    references, _, relationship = target.strip().rpartition(".")
    flags, size, kind = rest.split(), int(found["size"] or 0), found["type"]
    number = kind in NUMBERS
    return FieldDef(
        name=found["name"],
        type=kind,
        label=label or _label(found["name"]),
        length=_length(kind, size),
        precision=size if number else 0,
        scale=int(found["scale"] or 0) if number else 0,
        required="required" in flags,
        createable="system" not in flags,
        updateable="system" not in flags and "once" not in flags,
        filterable="nofilter" not in flags and kind != "address",
        custom=custom,
        restricted="restricted" in flags,
        options=tuple(OPTIONS.get(options, options).split("|")) if options else (),
        references=tuple(references.split("|")) if references else (),
        relationship=relationship,
    )


def _length(kind: str, size: int) -> int:
    if kind in ("id", "reference"):
        return 18
    if kind in NUMBERS:
        return 0
    return size or (LONG if kind in TEXTS else 0)


def _label(name: str) -> str:
    plain = name.removesuffix("__c").rpartition("__")[2].replace("_", " ")
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain).removesuffix(" Id") or name


class Schema:
    """All objects, with the rules of who sees which field ("field-level security").

    ``hidden`` and ``locked`` hold ``Object.Field``: not visible, and visible but not editable.
    ``changed_at``: when fields or rights changed last.
    """

    def __init__(self, changed_at: datetime, hidden: Iterable[str] = ()) -> None:
        self.changed_at = changed_at
        self.objects = {name: _object(name, text) for name, text in OBJECTS.items()}
        self.hidden = set(hidden)
        self.locked: set[str] = set()
        self.tooling = {name: _object(name, text) for name, text in TOOLING.items()}

    def object(self, name: str, *, tooling: bool = False) -> ObjectDef | None:
        """Return an object by its name in any case; ``tooling``: one of the Tooling API."""
        known = self.tooling if tooling else self.objects
        return next((each for key, each in known.items() if key.lower() == name.lower()), None)

    def field(self, of: ObjectDef, name: str) -> FieldDef | None:
        """Return a field that the connected user sees, by its name in any case."""
        found = of.keys.get(name.lower())
        return found if found is not None and self.sees(of.name, found.name) else None

    def relationship(self, of: ObjectDef, name: str) -> FieldDef | None:
        """Return the visible reference behind a relationship's name in any case."""
        found = of.relationships.get(name.lower())
        return found if found is not None and self.sees(of.name, found.name) else None

    def sees(self, object_name: str, field_name: str) -> bool:
        """Tell whether the connected user sees a field."""
        return f"{object_name}.{field_name}" not in self.hidden

    def edits(self, object_name: str, field_name: str) -> bool:
        """Tell whether the connected user may change a field."""
        return self.sees(object_name, field_name) and f"{object_name}.{field_name}" not in self.locked

    def visible(self, of: ObjectDef) -> list[FieldDef]:
        """Return the fields that the connected user sees."""
        return [each for each in of.fields.values() if self.sees(of.name, each.name)]

    def install_scores(self, namespace: str) -> None:
        """Put the package's score fields on Lead and Contact."""
        prefix = f"{namespace}__" if namespace else ""
        for object_name in ("Lead", "Contact"):
            for name, rest in SCORE_FIELDS.items():
                self.objects[object_name].add(parsed(f"{prefix}{name}__c {rest}", custom=True))


def _object(name: str, text: str) -> ObjectDef:
    made = ObjectDef(name)
    for line in text.split("\n"):
        if line:
            made.add(parsed(line))
    return made


Value = str | int | Decimal | bool | None
"""A field's value as the sandbox keeps it: times in milliseconds, days as text, numbers with decimals as Decimal."""

Values = Mapping[str, Value]
