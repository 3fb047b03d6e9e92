"""The end of a worker, in tests."""

from __future__ import annotations


class Died(BaseException):
    """Stands for kill -9: nothing catches it."""
