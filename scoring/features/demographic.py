"""Who the lead is: kind of e-mail address, job title read as seniority and function."""

from __future__ import annotations

import polars as pl

from scoring.features.declared import Concept, Declared, Family, Feature, Side, value_column
from scoring.features.spec import FeatureSpec, FieldSpec
from scoring.features.titles import FUNCTION, SENIORITY, matches

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
    column = pl.col(value_column(field.name))
    groups = (("seniority", SENIORITY), ("function", FUNCTION))
    return [
        Feature(
            f"title.{field.name}.{group}={name}",
            f"{field.label}: {name}",
            Family.DEMOGRAPHIC,
            field.label,
            (field.name,),
            matches(column, pattern).fill_null(False),
            flag=True,
        )
        for group, table in groups
        for name, pattern in table.items()
    ]
