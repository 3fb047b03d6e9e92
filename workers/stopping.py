"""The word that this worker is being stopped, for all of its threads."""

from __future__ import annotations

from threading import Event

_said = Event()

stop = _said.set
"""Say it; nobody takes it back."""

stopping = _said.is_set
"""Whether it was said."""
