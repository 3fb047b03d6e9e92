"""What becomes of a challenger."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """It scores from now on; a person is asked; it never scores."""

    PUBLISHED = "published"
    WAITING = "waiting"
    REFUSED = "refused"
