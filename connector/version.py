"""The product's version: the newest heading of CHANGELOG.md, so that it is written once."""

from __future__ import annotations

import re
from pathlib import Path

_CHANGELOG = Path(__file__).resolve().parents[1] / "CHANGELOG.md"


def version() -> str:
    """Return the version, for instance ``0.1.0``."""
    found = re.search(r"^## (\d+\.\d+\.\d+)", _CHANGELOG.read_text("utf-8"), re.MULTILINE)
    return found[1] if found else "0.0.0"
