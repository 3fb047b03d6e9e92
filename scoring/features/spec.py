"""The fitted part of the features: which fields, levels, kinds and columns; plain data, JSON-able."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from scoring.features.standing import Standing
from scoring.schema import FieldType, Timing

Step = tuple[str, str | None]
"""A kind of event, with the page, form or campaign where that is one of the named ones."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """How one field becomes features. ``levels`` are the frequent values seen in training.

    ``options`` are (value, what people read) pairs. ``dated``: when it took its value is known.
    """

    name: str
    label: str
    type: FieldType
    levels: tuple[str, ...] = ()
    is_title: bool = False
    options: tuple[tuple[str, str], ...] = ()
    dated: bool = False


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """All that the feature builder needs beside the history; ``columns`` fixes the matrix's order.

    ``details`` are (kind, page or form or campaign) that many leads meet; ``pairs`` are steps that
    often follow each other. ``seller_kinds``: what sellers did, empty unless asked for. ``zone``: the field that holds
    leads' time zones. ``standing``: the distributions of engagement by source.
    """

    timing: Timing
    fields: tuple[FieldSpec, ...] = ()
    kinds: tuple[str, ...] = ()
    machine_kinds: tuple[str, ...] = ()
    companies: bool = False
    details: tuple[tuple[str, str], ...] = ()
    pairs: tuple[tuple[Step, Step], ...] = ()
    seller_kinds: tuple[str, ...] = ()
    zone: str | None = None
    standing: Standing | None = None
    columns: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values for the bundle."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FeatureSpec:
        """The spec that ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: the data has another form.

        """
        fields = tuple(
            FieldSpec(
                name=f["name"],
                label=f["label"],
                type=FieldType(f["type"]),
                levels=tuple(f["levels"]),
                is_title=bool(f["is_title"]),
                options=tuple((value, label) for value, label in f["options"]),
                dated=bool(f.get("dated", False)),
            )
            for f in data["fields"]
        )
        return cls(
            timing=Timing(data["timing"]),
            fields=fields,
            kinds=tuple(data["kinds"]),
            machine_kinds=tuple(data["machine_kinds"]),
            companies=bool(data["companies"]),
            details=tuple((kind, detail) for kind, detail in data["details"]),
            pairs=tuple(((a, b), (c, d)) for (a, b), (c, d) in data["pairs"]),
            seller_kinds=tuple(data.get("seller_kinds", ())),
            zone=data.get("zone"),
            standing=Standing.from_json(data["standing"]) if data.get("standing") else None,
            columns=tuple(data["columns"]),
        )
