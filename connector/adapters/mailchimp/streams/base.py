"""What every stream has."""

from __future__ import annotations

from abc import ABC, abstractmethod

from connector.adapters.mailchimp.audiences import Audiences
from connector.records import Cursor, Page, Stream


class Reader(ABC):
    """One stream of an account."""

    stream: Stream

    def __init__(self, audiences: Audiences) -> None:
        """Make no request."""
        self.audiences = audiences

    @abstractmethod
    def read(self, cursor: Cursor | None) -> Page:
        """Read the page after ``cursor``; None or empty is the beginning."""
