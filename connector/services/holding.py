"""Whether a CRM holds what was meant, and whether it should get something else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.adapters.contract import CrmAdapter
from connector.services.values import from_json


def holds(adapter: CrmAdapter, values: Mapping[str, Any], held: Mapping[str, str]) -> bool:
    """Whether a record that holds ``held`` (our field name → text) has these outbox values.

    No text and an empty one are the same: that is how CRMs store it.
    """
    expected = adapter.rendered(from_json(values))
    return {name: text for name, text in expected.items() if text} == {
        name: text for name, text in held.items() if text
    }
