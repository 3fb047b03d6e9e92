"""From JSON to the records of ``answers``, by the types that they declare."""

from __future__ import annotations

import dataclasses
import types
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def read(kind: type[T], data: Mapping[str, Any]) -> T:
    """Return a record of ``kind``. What the answer lacks must have a default; what it has beyond is passed over."""
    record: Any = kind
    hints = _hints(record)
    return kind(**{name: _value(hint, data[name]) for name, hint in hints.items() if name in data})


@lru_cache(maxsize=64)
def _hints(kind: type) -> Mapping[str, Any]:
    known = get_type_hints(kind)
    return {field.name: known[field.name] for field in dataclasses.fields(kind)}


def _value(hint: Any, value: Any) -> Any:
    if value is None:
        return None
    if isinstance(hint, types.UnionType):
        # The part that is a record, a time or an amount, if there is one; plain values are what they are.
        hint = next((part for part in get_args(hint) if _made(part)), None)
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is Decimal:
        return Decimal(value)
    return read(hint, value) if isinstance(hint, type) and dataclasses.is_dataclass(hint) else value


def _made(part: Any) -> bool:
    return part in (datetime, Decimal) or dataclasses.is_dataclass(part)
