"""Who the lead is: kind of e-mail address, job title read as seniority, function and role."""

from __future__ import annotations

import polars as pl

from scoring.features.declared import Concept, Declared, Family, Feature, Side, title_column
from scoring.features.spec import FeatureSpec, FieldSpec
from scoring.features.titles import ENDINGS, holds

EMAIL_CONCEPT = "Kind of e-mail address"
EMAIL_WORDS = {
    "business": "Business e-mail address",
    "free": "Free-mail address",
    "disposable": "Disposable e-mail address",
    "role": "Shared mailbox (such as info@)",
}


def declare(spec: FeatureSpec) -> Declared:
    """E-mail kind for everyone; titles for the fields that hold them."""
    titles = [_title(field) for field in spec.fields if field.is_title]
    return Declared((*_email(), *(feature for group in titles for feature in group)), (_email_concept(),))


def _email() -> list[Feature]:
    return [
        Feature(
            f"email.{kind}",
            words,
            Family.DEMOGRAPHIC,
            EMAIL_CONCEPT,
            ("email_kind",),
            pl.col("email_kind").eq(kind),
            flag=True,
        )
        for kind, words in EMAIL_WORDS.items()
    ]


def _email_concept() -> Concept:
    known = pl.col("email_kind").replace_strict(EMAIL_WORDS, default=None, return_dtype=pl.String)
    return Concept(EMAIL_CONCEPT, known.fill_null("No e-mail address known"), Side.FIT)


def _title(field: FieldSpec) -> list[Feature]:
    code = pl.col(title_column(field.name))
    return [
        Feature(
            f"title.{field.name}.{ending}",
            f"{field.label}: {_words(ending)}",
            Family.DEMOGRAPHIC,
            field.label,
            (field.name,),
            holds(code, ending),
            flag=True,
        )
        for ending in ENDINGS
    ]


def _words(ending: str) -> str:
    group, _, name = ending.partition("=")
    return f"{name} role" if group == "role" else name
