"""From the names of a query to fields and to the values that they have on a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from connector.sandbox.salesforce.errors import ApiError
from connector.sandbox.salesforce.hub import Hub
from connector.sandbox.salesforce.schema import FieldDef, ObjectDef, Value, Values, parsed
from connector.sandbox.salesforce.soql.tree import Path, wrong

MAX_STEPS = 5
NAME_FIELDS = {
    each.name.lower(): each
    for each in map(
        parsed,
        (
            "Id id system",
            "Name string(121) system",
            "FirstName string(40) system",
            "LastName string(80) system",
            "Email email(128) system",
            "Phone phone(40) system",
            "Title string(128) system",
            "Username string(80) system",
            "Type string(40) system",
            "IsActive boolean system",
        ),
    )
}
"""What can be asked of a record that may be of several objects."""

Getter = Callable[[Values], Value]


@dataclass(frozen=True, slots=True)
class Found:
    """A field that a path leads to. ``steps``: the references on the way."""

    steps: tuple[FieldDef, ...]
    field: FieldDef
    get: Getter


class Scope:
    """The object that a query is of, and everything that can be reached from its records at one instant."""

    def __init__(self, hub: Hub, of: ObjectDef, text: str) -> None:
        self.hub = hub
        self.of = of
        self.text = text
        self._now = hub.stage.clock.now_ms()
        self._seen: dict[str, Mapping[str, Values]] = {}

    def related(self, reference: FieldDef, values: Values) -> tuple[str, Values] | None:
        """Return (object, values) of the record that a reference points to; None: there is none to be seen."""
        row_id = values.get(reference.name)
        for name in reference.references if row_id else ():
            if name not in self._seen:
                self._seen[name] = self.hub.tables[name].seen(self._now)
            row = self._seen[name].get(str(row_id))
            if row is not None:
                return name, row
        return None

    def find(self, path: Path) -> Found:
        """Return what a path names; raise 400 ``INVALID_FIELD`` for a name that is not there or not to be seen."""
        names = path.names[1:] if path.names[0].lower() == self.of.name.lower() else path.names
        if not names or len(names) > MAX_STEPS + 1:
            raise self.no_column(path, path.names[-1], self.of.name)
        steps: list[FieldDef] = []
        of: ObjectDef | None = self.of
        for name in names[:-1]:
            step = self.hub.schema.relationship(of, name) if of else None
            if step is None:
                raise self._no_relationship(path, name)
            steps.append(step)
            of = self.hub.schema.object(step.references[0]) if len(step.references) == 1 else None
        field = self.hub.schema.field(of, names[-1]) if of else NAME_FIELDS.get(names[-1].lower())
        if field is None:
            raise self.no_column(path, names[-1], of.name if of else "Name")
        return Found(tuple(steps), field, self._getter(tuple(steps), field.name))

    def _getter(self, steps: tuple[FieldDef, ...], name: str) -> Getter:
        if not steps:
            return lambda values: values.get(name)

        several = len(steps[-1].references) > 1

        def get(values: Values) -> Value:
            name_of, row = "", values
            for step in steps:
                related = self.related(step, row)
                if related is None:
                    return None
                name_of, row = related
            return own((name_of, row), name, several=several)

        return get

    def no_column(self, path: Path, name: str, of: str) -> ApiError:
        """Return the refusal of a field that is not there, or not to be seen: the two look alike."""
        message = (
            f"No such column '{name}' on entity '{of}'. If you are attempting to use a custom field, be sure to append "
            "the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
            "appropriate names."
        )
        return wrong(self.text, path.at, "INVALID_FIELD", message)

    def _no_relationship(self, path: Path, name: str) -> ApiError:
        message = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL "
            "or the describe call for the appropriate names."
        )
        return wrong(self.text, path.at, "INVALID_FIELD", message)


def own(found: tuple[str, Values], name: str, *, several: bool) -> Value:
    """Return a value of a related record; of one of several objects, ``Type`` is the object's name."""
    return found[0] if several and name == "Type" else found[1].get(name)
