"""Job titles read as seniority and function, by the words that English-language titles use."""

from __future__ import annotations

import polars as pl

SENIORITY = {
    "C-level": r"\b(chief|c[efiomt]o|cmo|cro|founder|co-founder|owner|president|managing director)\b",
    "VP": r"\b(vp|svp|evp|vice president)\b",
    "Director": r"\b(director|head of|head)\b",
    "Manager": r"\b(manager|supervisor|team lead)\b",
    "Specialist": (
        r"\b(specialist|analyst|engineer|developer|consultant|coordinator|executive|representative|administrator|officer)\b"
    ),
    "Junior": r"\b(junior|assistant|intern|trainee)\b",
}
FUNCTION = {
    "Marketing": r"\b(marketing|cmo|brand|growth|demand|content|seo)\b",
    "Sales": r"\b(sales|cro|revenue|account executive|business development)\b",
    "Technology": r"\b(cto|cio|it|engineer|engineering|developer|software|technology|technical|data|security)\b",
    "Finance": r"\b(cfo|finance|financial|accountant|accounting|controller)\b",
    "Operations": r"\b(coo|operations|logistics|supply|procurement|purchasing)\b",
    "People": r"\b(hr|human resources|people|talent|recruiting|recruiter)\b",
    "Product": r"\b(product|design|designer|ux)\b",
}
TITLE_SHARE = 0.3
"""A text field is a job title when at least this share of its filled values names a seniority."""


def matches(column: pl.Expr, pattern: str) -> pl.Expr:
    """Whether the title has one of the pattern's words (null: no title)."""
    return column.str.to_lowercase().str.contains(pattern)


def looks_like_titles(values: pl.Series) -> bool:
    """Judge a field by its filled values, not by its name."""
    filled = values.drop_nulls().unique()
    if filled.is_empty():
        return False
    hits = pl.any_horizontal(matches(pl.col("title"), pattern) for pattern in SENIORITY.values())
    return float(filled.to_frame("title").select(hits.mean()).item()) >= TITLE_SHARE
