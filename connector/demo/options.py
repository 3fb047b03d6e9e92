"""What a demo can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Options of ``connector demo``.

    ``crms`` are the CRMs to install into (empty: all that can hold the data).
    ``data`` is a folder with a real export; ``now`` (ISO 8601) the instant at which a made-up
    population ends and its scores stand (None: the present).
    """

    once: bool
    data: Path | None
    mapping: Path | None
    report: Path | None
    keep: bool
    contacts: int
    seed: int
    now: str | None = None
    crms: tuple[str, ...] = ()
