"""Whether values may be written, and HubSpot's odd way of saying so: JSON inside the message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from connector.sandbox.hubspot.catalogue import Catalogue
from connector.sandbox.hubspot.errors import ApiError, invalid

MAX_TEXT = 65_536
NUMBER = re.compile(r"-?\d*\.?\d+([eE][+-]?\d+)?")
DAY_MS = 86_400_000


def check_values(catalogue: Catalogue, values: Mapping[str, Any], portal_id: int) -> dict[str, str]:
    """Return values as text, cleared ones empty; raise 400 naming every value that can't be written."""
    texts = {name: _text(value) for name, value in values.items()}
    problems = [
        {"isValid": False, "message": problem[1], "error": problem[0], "name": name, "portalId": portal_id}
        for name, text in texts.items()
        if (problem := _problem(catalogue, name, text))
    ]
    if problems:
        raise _refusal(problems)
    return texts


def _refusal(problems: list[dict[str, Any]]) -> ApiError:
    return invalid(f"Property values were not valid: {orjson.dumps(problems).decode()}")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _problem(catalogue: Catalogue, name: str, text: str) -> tuple[str, str] | None:
    """Return HubSpot's error word and sentence, or None."""
    known = catalogue.live.get(name)
    if known is None:
        return "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'
    if known["modificationMetadata"]["readOnlyValue"]:
        return "READ_ONLY_VALUE", f'"{name}" is a read only property; its value cannot be set.'
    if text == "":
        return None
    checks = {
        "number": _number_problem,
        "bool": _bool_problem,
        "date": _date_problem,
        "datetime": _datetime_problem,
        "string": _string_problem,
    }
    if known["type"] == "enumeration":
        return _option_problem(known, text)
    return checks[known["type"]](text)


def _number_problem(text: str) -> tuple[str, str] | None:
    if NUMBER.fullmatch(text):
        return None
    return "INVALID_INTEGER", f"{text[:40]} was not a valid number."


def _bool_problem(text: str) -> tuple[str, str] | None:
    if text in ("true", "false"):
        return None
    return "INVALID_OPTION", f"{text[:40]} was not one of the allowed options: [true, false]"


def _string_problem(text: str) -> tuple[str, str] | None:
    if len(text) <= MAX_TEXT:
        return None
    return "INVALID_LENGTH", f"The value is longer than {MAX_TEXT} characters."


def _option_problem(known: Mapping[str, Any], text: str) -> tuple[str, str] | None:
    allowed = [each["value"] for each in known["options"]]
    chosen = text.strip(";").split(";") if known["fieldType"] == "checkbox" else [text]
    if not allowed or all(each in allowed for each in chosen):
        return None
    return "INVALID_OPTION", f"{text[:40]} was not one of the allowed options: {allowed[:20]}"


def _date_problem(text: str) -> tuple[str, str] | None:
    ms = time_ms(text)
    if ms is not None and ms % DAY_MS == 0:
        return None
    return "INVALID_DATE", f"{text[:40]} was not a valid date: midnight UTC or YYYY-MM-DD is expected."


def _datetime_problem(text: str) -> tuple[str, str] | None:
    if time_ms(text) is not None:
        return None
    return "INVALID_LONG", f"{text[:40]} was not a valid date and time."


def time_ms(text: str) -> int | None:
    """Return ISO 8601 or epoch milliseconds as epoch milliseconds; None for anything else."""
    if re.fullmatch(r"-?\d{9,14}", text):
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(aware.timestamp() * 1000)
