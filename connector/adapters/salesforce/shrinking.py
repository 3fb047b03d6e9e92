"""How many records go into a request, after some have failed together.

Half as many at each refusal, until one is refused alone or all pass: like that, a record that the org's own code
fails on is told apart, and so is the number that this code can take in its ten seconds. Each request settles
a record or is half as long as the last one, so it ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

GROWS_AFTER = 4
"""Requests in a row without a refusal, after which twice as many records are tried again."""

HOPELESS = 3
"""Records refused alone, one after the other, after which the org's code is taken to fail on every one."""


@dataclass(slots=True)
class Shrinking:
    """The size of the next request. ``first`` is that of the first; ``limited``: the org's code passed a limit."""

    first: int
    limited: bool = False
    size: int = field(init=False)
    alone: int = field(init=False, default=0)
    _most: int = field(init=False)
    _whole: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        """Begin with the first size."""
        self.size = self._most = self.first

    @property
    def hopeless(self) -> bool:
        """Tell whether nothing but records that are refused alone has come for a while."""
        return self.alone >= HOPELESS

    def passed(self) -> None:
        """Note a request without such a refusal. Behind a record that was refused alone, it was that record."""
        if self.alone:
            self.size = self._most = self.first
        self.alone, self._whole = 0, self._whole + 1
        if self._whole == GROWS_AFTER:
            self.size, self._whole = min(self.size * 2, self._most), 0

    def failed(self, sent: int, together: int, *, limited: bool) -> None:
        """Note that of ``sent`` records ``together`` were refused for each other; ``limited``: by a limit."""
        self.limited = self.limited or limited
        self._whole = 0
        if sent == 1:
            self.alone += 1
            return
        self.alone = 0 if together < sent else self.alone
        self.size = sent // 2
        self._most = self.size if limited else self._most
