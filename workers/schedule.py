"""What happens by the clock. Two beats do no harm: each entry only looks for rows that are due."""

from __future__ import annotations

from typing import Any

_HOUR = 3600.0


def schedule(sweep_seconds: float, refresh_seconds: float) -> dict[str, dict[str, Any]]:
    """Return Celery's beat schedule."""
    return {
        "sweep": {
            "task": "connector.sweep",
            "schedule": sweep_seconds,
            # A sweep that waited longer than its own period would only repeat the next one.
            "options": {"queue": "maintenance", "expires": sweep_seconds},
        },
        "purge": {
            "task": "connector.purge",
            "schedule": _HOUR,
            "options": {"queue": "maintenance", "expires": _HOUR},
        },
        "poll": {
            "task": "connector.poll",
            # Looked for more often than due, so that a tenant waits hardly longer than it should.
            "schedule": refresh_seconds / 5,
            "options": {"queue": "maintenance", "expires": refresh_seconds / 5},
        },
    }
