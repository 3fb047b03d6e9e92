"""What happens by the clock: a sweep, and nothing else.

Two beats do no harm, and none for an hour loses nothing: the sweep only looks for rows that are due.
"""

from __future__ import annotations

from typing import Any


def schedule(sweep_seconds: float) -> dict[str, dict[str, Any]]:
    """Return Celery's beat schedule."""
    return {
        "sweep": {
            "task": "connector.sweep",
            "schedule": sweep_seconds,
            # A sweep that waited longer than its own period would only repeat the next one.
            "options": {"queue": "maintenance", "expires": sweep_seconds},
        },
    }
