"""What is wrong with an export, gathered before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

SHOWN = 20


class ExportError(Exception):
    """An export that can't be used. The message lists the first 20 problems; ``problems`` holds all.

    No value of the file is quoted but column names: an export holds people.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        listed = "\n".join(f"- {problem}" for problem in problems[:SHOWN])
        more = f"\n… and {len(problems) - SHOWN} more." if len(problems) > SHOWN else ""
        super().__init__(f"The export can't be used; nothing was imported.\n{listed}{more}")


class Problems:
    """Gathers problems; raises them together."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def add(self, problem: str) -> None:
        """Keep one problem: a sentence that names file, column, rows and what to do."""
        self._found.append(problem)

    def raise_any(self) -> None:
        """Raise :class:`ExportError` if anything was found."""
        if self._found:
            raise ExportError(self._found)

    @contextmanager
    def gathering(self) -> Iterator[None]:
        """Take in the problems of a step that gives up at its first, and go on."""
        try:
            yield
        except ExportError as error:
            self._found.extend(error.problems)


def rows_text(rows: list[int]) -> str:
    """Return row numbers as text, the first ten of them."""
    shown = ", ".join(str(row) for row in rows[:10])
    more = f" and {len(rows) - 10} more" if len(rows) > 10 else ""
    return f"row {shown}" if len(rows) == 1 else f"rows {shown}{more}"
