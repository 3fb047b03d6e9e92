"""What all tests of experiments stand on: a draw that is the same each time."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from connector.services.experiments import beginning


@pytest.fixture(autouse=True)
def _draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw by a fixed key: by chance one draw in twenty leaves an arm with too few companies to say anything."""
    monkeypatch.setattr(beginning, "secrets", SimpleNamespace(token_hex=lambda size: "5e" * size))
