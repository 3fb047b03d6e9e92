"""Free text as words: learned where many people used them, seen as of a row's time, the same for one row and many."""

from __future__ import annotations

import json
from datetime import timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.features import FeatureSpec, build, fit
from scoring.features.wording import MOST_WORDS, codes, has, learn, words_in
from scoring.population import numbered
from scoring.schema import LEADS, UTC_TIME, VALUES, Field, FieldType, Knowledge, Timing
from scoring.timeline import Timeline
from tests.unit.scoring.worlds import START, frame, history

COUNT = 200
WROTE = START + timedelta(days=10)


def text_of(lead: int) -> str:
    """A fifth ask for a price, all greet, one tells something that nobody else does."""
    asks = "what is the PRICE?" if lead % 5 == 0 else "we look around"
    return f"Hello there, {asks} {'Zanzibar' if lead == 7 else ''}"


def world(words: bool = True) -> Timeline:
    """Leads whose first message is dated."""
    ids = list(range(COUNT))
    born = [START + timedelta(minutes=one) for one in ids]
    leads = {"lead_id": ids, "created_at": born, "intake_order": [None] * COUNT, "company_key": [None] * COUNT}
    told = {"lead_id": ids, "field": ["crm.message"] * COUNT, "value": [text_of(one) for one in ids]}
    field = Field("crm.message", "Message", FieldType.TEXT, Knowledge.DATED, words=words)
    return Timeline(
        history(
            frame(leads | {"email_kind": ["business"] * COUNT}, LEADS),
            values=frame(told | {"known_at": [WROTE] * COUNT}, VALUES),
            fields=(field,),
        )
    )


def rows(leads: list[int], days: float) -> pl.DataFrame:
    """A row a lead, so many days after the start."""
    at = START + timedelta(days=days)
    found = pl.DataFrame({"lead_id": leads, "as_of": [at] * len(leads)})
    return numbered(found.cast({"lead_id": pl.Int64, "as_of": UTC_TIME}))


def test_words_that_many_people_used_become_features_and_others_do_not() -> None:
    """Not what everybody says, not what one person says; the text itself is in no name."""
    spec, made = fit(world(), rows(list(range(COUNT)), 20), Timing.DATED)
    (field,) = spec.fields
    assert field.words == ("price", "the", "what")
    assert (field.type, field.is_title, field.levels) == (FieldType.TEXT, False, ())
    asked = made.matrix[:, made.columns.index("field.crm.message.word=price")]
    assert asked.tolist() == [float(lead % 5 == 0) for lead in range(COUNT)]
    assert not [name for name in made.columns if "zanzibar" in name.lower() or "hello" in name.lower()]
    assert FeatureSpec.from_json(json.loads(json.dumps(spec.to_json()))) == spec


def test_a_text_is_not_known_before_it_was_written_and_one_row_is_as_many() -> None:
    """Point in time, and bit for bit the same whoever stands beside."""
    timeline = world()
    spec, _ = fit(timeline, rows(list(range(COUNT)), 20), Timing.DATED)
    place = spec.columns.index("field.crm.message.word=price")
    assert not build(timeline, rows(list(range(COUNT)), 5), spec).matrix[:, place].any()
    whole = build(timeline, rows(list(range(COUNT)), 20), spec).matrix
    for lead in (0, 7, 15):
        assert build(timeline, rows([lead], 20), spec).matrix.tobytes() == whole[lead : lead + 1].tobytes()


def test_what_nobody_opted_in_is_read_by_length_alone() -> None:
    """A text field is no free text by itself."""
    spec, made = fit(world(words=False), rows(list(range(COUNT)), 20), Timing.DATED)
    assert spec.fields[0].words == ()
    assert not [name for name in made.columns if ".word=" in name]


@given(st.lists(st.text(max_size=30), max_size=10), st.lists(st.text("abcé", min_size=3, max_size=5), max_size=20))
def test_a_code_says_of_each_word_whether_the_text_has_it(texts: list[str], vocabulary: list[str]) -> None:
    found = codes(pl.Series(texts, dtype=pl.String), vocabulary)
    for place, word in enumerate(vocabulary):
        told = pl.DataFrame({"code": found}).select(has(pl.col("code"), place)).to_series().to_list()
        assert told == [word in words_in(text) for text in texts]


def test_a_vocabulary_is_bounded_and_does_not_depend_on_the_order_of_rows() -> None:
    """The commonest words, by the alphabet where alike."""
    alphabet = [f"word{chr(97 + one // 26)}{chr(97 + one % 26)}" for one in range(100)]
    texts = [" ".join(alphabet) if lead % 2 else "no" for lead in range(200)]
    found = learn(pl.Series(texts), pl.Series(range(200)))
    assert found == tuple(sorted(alphabet)[:MOST_WORDS])
    assert learn(pl.Series(texts[::-1]), pl.Series(range(200)).reverse()) == found


@pytest.mark.parametrize("leads", [29, 30])
def test_thirty_people_make_a_word(leads: int) -> None:
    """Not thirty texts of one."""
    texts = ["budget"] * leads + ["else"] * 100
    assert ("budget" in learn(pl.Series(texts), pl.Series(range(len(texts))))) is (leads == 30)
    assert learn(pl.Series(["budget"] * 60 + ["else"] * 100), pl.Series([1] * 60 + list(range(2, 102)))) == ()
