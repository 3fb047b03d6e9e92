"""``--fields``: what is declared of fields, in a small TOML or JSON file."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scoring.errors import FileError
from scoring.schema import Field, FieldType, Knowledge

Declared = Mapping[str, Mapping[str, Any]]

_READERS: Mapping[str, Callable[[str], Any]] = {".toml": tomllib.loads, ".json": json.loads}


def declared(path: Path | None) -> Declared:
    """Return field → what is said of it; raise ``FileError`` for what can't be read."""
    if path is None:
        return {}
    if path.suffix not in _READERS:
        raise FileError(f"{path.name}: give a .toml or a .json file.")
    try:
        found = _READERS[path.suffix](path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FileError(f"{path}: it can't be opened ({error.strerror}).") from error
    except ValueError as error:
        raise FileError(f"{path.name}: it can't be read as {path.suffix[1:]}: {error}") from error
    if not isinstance(found, dict) or not all(isinstance(said, dict) for said in found.values()):
        raise FileError(f"{path.name}: it must hold a table for each field.")
    return found


def applied(field: Field, said: Mapping[str, Any], file: str) -> Field:
    """Return ``field`` with what ``file`` says of it; raise ``FileError`` naming the key that is wrong."""
    made: dict[str, Any] = {}
    for key, value in said.items():
        if key not in _KEYS:
            raise FileError(f"{file}: '{field.name}' has the key '{key}'; known are {', '.join(_KEYS)}.")
        try:
            made[key] = _KEYS[key](value)
        except (TypeError, ValueError) as error:
            raise FileError(f"{file}: '{key}' of '{field.name}' can't be {value!r}; {_TAKES[key]}.") from error
    return replace(field, **made)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(value)
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _options(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict):
        raise TypeError(value)
    return tuple(sorted((str(key), _text(label)) for key, label in value.items()))


_KEYS: Mapping[str, Callable[[Any], Any]] = {
    "label": _text,
    "type": FieldType,
    "knowledge": Knowledge,
    "system": _truth,
    "blocked": _truth,
    "source": _truth,
    "options": _options,
}
_TAKES = {
    "label": "it is a text",
    "type": f"it is one of {', '.join(FieldType)}",
    "knowledge": f"it is one of {', '.join(Knowledge)}",
    "system": "it is true or false",
    "blocked": "it is true or false",
    "source": "it is true or false",
    "options": "it is a table of texts",
}
