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

    ``options`` are (value, what people read) pairs. ``dated``: when it took its value is known. ``observed``: its
    values count from when a reading first saw them (see ``watching``). ``words``: the vocabulary of a free text.
    """

    name: str
    label: str
    type: FieldType
    levels: tuple[str, ...] = ()
    is_title: bool = False
    options: tuple[tuple[str, str], ...] = ()
    dated: bool = False
    observed: bool = False
    words: tuple[str, ...] = ()


Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Embedding:
    """What was learned from the order of events, without any outcome (see ``embedding``).

    ``vectors``: one a step; ``turns``: directions in which leads' ways differ, one number for each two of the
    ``ordered`` steps (places among ``steps``; the first before the second, as ``itertools.combinations`` orders them);
    ``mixes`` and ``orders`` are the pairs of steps that tell best what each column means.
    """

    steps: tuple[Step, ...] = ()
    vectors: Rows = ()
    ordered: tuple[int, ...] = ()
    turns: Rows = ()
    mixes: tuple[tuple[int, int], ...] = ()
    orders: tuple[tuple[int, int], ...] = ()

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Embedding:
        """The arrays as plain lists."""
        return cls(
            steps=tuple((kind, detail) for kind, detail in data["steps"]),
            vectors=tuple(tuple(map(float, row)) for row in data["vectors"]),
            ordered=tuple(map(int, data["ordered"])),
            turns=tuple(tuple(map(float, row)) for row in data["turns"]),
            mixes=tuple((int(high), int(low)) for high, low in data["mixes"]),
            orders=tuple((int(first), int(then)) for first, then in data["orders"]),
        )


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """All that the feature builder needs beside the history; ``columns`` fixes the matrix's order.

    ``details`` are (kind, page or form or campaign) that many leads meet; ``pairs`` are steps that
    often follow each other. ``seller_kinds``: what sellers did, empty unless asked for. ``zone``: the field that holds
    leads' time zones. ``standing``: the distributions of engagement by source. ``framed``: the last columns are the
    frame of steps (see ``frame``).
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
    embedding: Embedding = Embedding()
    framed: bool = False

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
                observed=bool(f.get("observed", False)),
                words=tuple(f.get("words", ())),
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
            # Bundles of older programs have none.
            embedding=Embedding.from_json(data["embedding"]) if "embedding" in data else Embedding(),
            framed=bool(data.get("framed", False)),
        )
