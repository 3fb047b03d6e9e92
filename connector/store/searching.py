"""What records are found by: names and companies in lower case, and owners, kept beside the properties that they come
from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LONGEST = 100
"""Characters of a name that count."""


def keys_of(properties: Mapping[str, Any], roles: Mapping[str, str]) -> dict[str, str | None]:
    """Return the search columns of a record; ``roles`` says which of its fields holds which part of a name.

    ``name_key`` begins with the first name, ``surname_key`` with the last one, ``firm_key`` is the company.
    ``owner_key`` is the CRM's own id of who has the record.
    """
    first, last, firm = (
        _plain(properties.get(roles[role])) if role in roles else ""
        for role in ("first_name", "last_name", "company_name")
    )
    return {
        "name_key": folded(f"{first} {last}"),
        "surname_key": folded(f"{last} {first}") if first and last else None,
        "firm_key": folded(firm),
        "owner_key": _plain(properties.get(roles["owner"])).strip()[:LONGEST] or None if "owner" in roles else None,
    }


def folded(text: str) -> str | None:
    """Return a text as it is compared: in lower case, single spaces, of at most 100 characters; None of nothing."""
    return " ".join(text.casefold().split())[:LONGEST].strip() or None


def _plain(value: Any) -> str:
    return "" if value is None else str(value).replace("\0", "")
