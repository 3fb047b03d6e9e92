"""What can go wrong in ``scoring``, in words for the person who must act."""

from __future__ import annotations


class ScoringError(Exception):
    """Base of every error that ``scoring`` raises on purpose."""


class HistoryError(ScoringError):
    """The frames that were handed in do not have the documented schema."""


class BundleError(ScoringError):
    """A model bundle is corrupted, belongs to another tenant or needs a newer program."""


class FileError(ScoringError):
    """A file can't be read as what it was given for; the message names file, column and row."""
