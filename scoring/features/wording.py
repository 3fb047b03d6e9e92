"""Free text as words: a bounded vocabulary that is learned on training rows, and which of it a text has.

A word counts once a text, whatever its case. It is learned only where at least 30 leads and a hundredth of those with a
text used it, so that a name, a place or a slip of one person is no word; and not where half of them did.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import polars as pl

MOST_WORDS = 60
"""Words of a field: each is a bit of a code."""

LEAST_LEADS = 30
LEAST_SHARE = 0.01
MOST_SHARE = 0.5
_LONGEST = 10_000
"""Characters of a text that are read."""

_WORD = re.compile(r"[^\W\d_]{3,30}")


def words_in(text: str) -> frozenset[str]:
    """Return the different words of a text, in lower case."""
    return frozenset(_WORD.findall(text[:_LONGEST].lower()))


def learn(texts: pl.Series, leads: pl.Series) -> tuple[str, ...]:
    """Return the words to be used: of those that enough leads used the commonest, by the alphabet where alike."""
    used: Counter[str] = Counter()
    pairs = pl.DataFrame({"lead": leads, "text": texts}).drop_nulls().unique().sort("lead", "text")
    people = pairs["lead"].n_unique()
    for _, told in pairs.group_by("lead", maintain_order=True):
        used.update(frozenset().union(*(words_in(text) for text in told["text"])))
    least = max(LEAST_LEADS, LEAST_SHARE * people)
    frequent = [(word, count) for word, count in used.items() if least <= count <= MOST_SHARE * people]
    return tuple(word for word, _ in sorted(frequent, key=lambda pair: (-pair[1], pair[0]))[:MOST_WORDS])


def codes(texts: pl.Series, vocabulary: Sequence[str]) -> pl.Series:
    """Return each text's code: a bit for each word of the vocabulary that it has, none where there is no text."""
    known = tuple(vocabulary)
    found = [0 if text is None else _code(text, known) for text in texts]
    return pl.Series(found, dtype=pl.Int64)


@lru_cache(maxsize=16_384)
def _code(text: str, vocabulary: tuple[str, ...]) -> int:
    present = words_in(text)
    return sum(1 << place for place, word in enumerate(vocabulary) if word in present)


def has(code: pl.Expr, place: int) -> pl.Expr:
    """Whether the text with this code has the vocabulary's n-th word."""
    return (code & (1 << place)) != 0
