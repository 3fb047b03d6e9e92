"""Typed features from any field: number, date, boolean, category, multi-select, short text."""

from __future__ import annotations

import polars as pl

from scoring.features.declared import (
    DAYS_PER_US,
    Concept,
    Declared,
    Family,
    Feature,
    Side,
    since_column,
    value_column,
    words_column,
)
from scoring.features.reading import moment_of, number_of, truth_of
from scoring.features.spec import FeatureSpec, FieldSpec
from scoring.features.wording import has
from scoring.schema import FieldType

SEPARATOR = ";"
SHOWN_CHARS = 60


def declare(spec: FeatureSpec) -> Declared:
    """Features and one concept for every field of the spec."""
    features = [feature for field in spec.fields for feature in _MAKERS[field.type](field)]
    return Declared(tuple(features), tuple(_concept(field) for field in spec.fields))


def _one(field: FieldSpec, suffix: str, label: str, expression: pl.Expr, *, flag: bool = False) -> Feature:
    name = f"field.{field.name}{suffix}"
    return Feature(name, label, Family.DEMOGRAPHIC, field.label, (field.name,), expression, flag)


def _column(field: FieldSpec) -> pl.Expr:
    return pl.col(value_column(field.name))


def _days_before(field: FieldSpec) -> pl.Expr:
    return (pl.col("as_of") - moment_of(_column(field))).dt.total_microseconds() * DAYS_PER_US


def _number(field: FieldSpec) -> list[Feature]:
    return [_one(field, "", field.label, number_of(_column(field)))]


def _date(field: FieldSpec) -> list[Feature]:
    return [_one(field, ".days", f"Days since {field.label}", _days_before(field)), _given(field)]


def _boolean(field: FieldSpec) -> list[Feature]:
    return [_one(field, "", field.label, truth_of(_column(field)), flag=True)]


def _since(field: FieldSpec) -> Feature:
    """Time in a stage, a segment, a plan: days since a dated choice was made."""
    return _one(field, ".since", f"Days since {field.label} changed", pl.col(since_column(field.name)))


def _given(field: FieldSpec) -> Feature:
    return _one(field, ".given", f"{field.label} is filled in", _column(field).is_not_null(), flag=True)


def _category(field: FieldSpec) -> list[Feature]:
    column = _column(field)
    read = dict(field.options)
    known = [
        _one(
            field, f"={level}", f"{field.label}: {read.get(level, level)}", column.eq(level).fill_null(False), flag=True
        )
        for level in field.levels
    ]
    other = (column.is_not_null() & ~column.is_in(field.levels)).fill_null(False)
    rarer = _one(field, ".other", f"{field.label}: any rarer value", other, flag=True)
    return [*known, rarer, _given(field), *([_since(field)] if field.dated else [])]


def _multi(field: FieldSpec) -> list[Feature]:
    parts, read = _column(field).str.split(SEPARATOR), dict(field.options)
    chosen = [
        _one(
            field,
            f"={level}",
            f"{field.label} includes {read.get(level, level)}",
            parts.list.contains(level).fill_null(False),
            flag=True,
        )
        for level in field.levels
    ]
    return [*chosen, _one(field, ".count", f"Number of {field.label}", parts.list.len().fill_null(0))]


def _text(field: FieldSpec) -> list[Feature]:
    length = _one(field, ".length", f"Length of {field.label}", _column(field).str.len_chars().fill_null(0))
    code = pl.col(words_column(field.name))
    said = [
        _one(field, f".word={word}", f"{field.label} says “{word}”", has(code, place), flag=True)
        for place, word in enumerate(field.words)
    ]
    return [_given(field), length, *said]


def _concept(field: FieldSpec) -> Concept:
    column = _column(field)
    label = field.label.replace("{", "(").replace("}", ")")
    shown = pl.format(f"{label}: {{}}", _readable(field).str.slice(0, SHOWN_CHARS))
    if field.type is FieldType.DATE:
        shown = _distance(field, label.replace("$", "$$")).fill_null(pl.lit(f"{label} given"))
    elif field.type is FieldType.TEXT and not field.is_title:
        # Free text may name a person: say that it is there, never what it says.
        shown = pl.lit(f"{label} is filled in")
    said = pl.when(column.is_null()).then(pl.lit(f"{label} not given")).otherwise(shown)
    return Concept(field.label, said, Side.FIT)


def _distance(field: FieldSpec, name: str) -> pl.Expr:
    """How far off a date is; written into its own digits, so that it is read once."""
    days = _days_before(field).floor().cast(pl.Int64).cast(pl.String)
    for digits, words in (
        ("^1$", "1 day ago"),
        ("^-1$", "in 1 day"),
        (r"^(\d+)$", "${1} days ago"),
        (r"^-(\d+)$", "in ${1} days"),
    ):
        days = days.str.replace(digits, f"{name}: {words}")
    return days


def _readable(field: FieldSpec) -> pl.Expr:
    """The value in the words that people choose it by."""
    column, read = _column(field), dict(field.options)
    if field.type is FieldType.BOOLEAN:
        said = truth_of(column)
        return pl.when(said == 1.0).then(pl.lit("yes")).when(said == 0.0).then(pl.lit("no")).otherwise(column)
    if field.type is FieldType.MULTI:
        parts = column.str.split(SEPARATOR)
        return parts.list.eval(pl.element().replace(read)).list.join(", ") if read else parts.list.join(", ")
    if field.type is FieldType.NUMBER:
        return _grouped(column)
    return column.replace(read) if read else column


def _grouped(column: pl.Expr) -> pl.Expr:
    """Whole numbers from a million on with their thousands apart; shorter ones may be codes, which nobody writes so."""
    backwards = column.str.extract(r"^(\d{7,})(?:\.0+)?$", 1).str.reverse()
    apart = backwards.str.replace_all(r"(\d{3})", "${1},").str.reverse().str.strip_chars_start(",")
    return apart.fill_null(column)


_MAKERS = {
    FieldType.NUMBER: _number,
    FieldType.DATE: _date,
    FieldType.BOOLEAN: _boolean,
    FieldType.CATEGORY: _category,
    FieldType.MULTI: _multi,
    FieldType.TEXT: _text,
}
