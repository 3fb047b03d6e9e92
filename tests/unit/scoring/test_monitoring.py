"""What the daily drift watch says of arrivals: silence, changes, campaigns, seasons; alarms, and their words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.bundle import Bundle
from scoring.features import FeatureSpec
from scoring.features.spec import FieldSpec
from scoring.monitoring.alarms import turned
from scoring.monitoring.arrivals import Arrivals
from scoring.monitoring.cohort import TOLD, Cohort, cohort
from scoring.monitoring.colleagues import design_effect, likeness, met
from scoring.monitoring.daily import important
from scoring.monitoring.expected import expected, expected_auc
from scoring.monitoring.judging import Finding, judged
from scoring.monitoring.reference import Reference, learn
from scoring.monitoring.strata import DAY_US, month_of, season_of, weekend
from scoring.monitoring.words import told
from scoring.monitoring.yearly import foretold
from scoring.schema import CONVERSIONS, EVENTS, EXCLUSIONS, LEADS, VALUES, FieldType, Goal, History, Timing
from tests.bench.drift.trials import detection

Floats = npt.NDArray[np.float64]
Alter = Callable[[Floats, Floats], None]
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
BEGIN_US = int(BEGIN.timestamp()) * 1_000_000
NAMES = ("shape:field.crm.size", "missing:crm.size", "shape:field.crm.vip", "score", "high")
LEARNED = 420


def some(days: float, a_day: float = 100.0, alter: Alter | None = None, seed: int = 1) -> Arrivals:
    """Bell-shaped sizes, a flag that nobody has, scores and a tenth in High-Intent. ``alter`` gets days and values."""
    rng = np.random.default_rng(seed)
    count = int(days * a_day)
    when = np.sort(rng.random(count) * days)
    size = rng.normal(0, 1, count)
    values = np.column_stack([size, np.zeros(count), np.zeros(count), np.round(100 * size), size > 1.28])
    if alter:
        alter(when, values)
    values[:, 0] = np.where(values[:, 1] > 0, np.nan, values[:, 0])
    return Arrivals(BEGIN_US + (when * DAY_US).astype(np.int64), NAMES, values, rng.beta(1, 5, count), np.arange(count))


@dataclass
class Watch:
    """Arrivals beside a reference that was learned on the first LEARNED days."""

    made: Arrivals

    def __post_init__(self) -> None:
        reference = learn(self.made, BEGIN + timedelta(days=LEARNED))
        assert reference
        self.reference, self.placed = reference, reference.placed(self.made)

    def found(self, day: float) -> dict[str, Finding]:
        """The findings at a day after the beginning."""
        now = BEGIN + timedelta(days=day)
        return {one.name: one for one in judged(self.reference, self.placed, now, {NAMES[0]})}

    def certain(self, day: float) -> set[str]:
        """Names of what is certain at a day."""
        return {name for name, one in self.found(day).items() if one.certain}


def after(day: float, place: int, by: float, until: float = np.inf) -> Alter:
    """Add to a column from a day on."""

    def alter(when: Floats, values: Floats) -> None:
        values[(when >= day) & (when < until), place] += by

    return alter


def test_nothing_is_found_where_nothing_changes() -> None:
    """On any of thirty days; and what is told of it is about nothing."""
    watch = Watch(some(LEARNED + 35))
    assert not any(watch.certain(day) for day in range(LEARNED + 5, LEARNED + 35))
    assert abs(watch.found(LEARNED + 35)[NAMES[0]].index) < 0.08


@pytest.mark.parametrize(("kind", "seed"), [("lower", 3), ("missing", 4)])
def test_what_the_benchmark_claims_holds_for_some_tenants(kind: str, seed: int) -> None:
    """``make bench-drift`` counts hundreds; an index of .25 or 20 points of missing values, within three days."""
    outcome = detection(seed, 100.0, kind)
    assert outcome.days is not None
    assert outcome.days <= 3


def test_a_change_is_found_and_lasts() -> None:
    """Also months later, when the time just before has changed as well."""
    watch = Watch(some(LEARNED + 70, alter=after(LEARNED + 10, 0, 0.8)))
    assert NAMES[0] not in watch.certain(LEARNED + 10)
    assert NAMES[0] in watch.certain(LEARNED + 13)
    assert watch.found(LEARNED + 70)[NAMES[0]].lasting


def test_a_campaign_of_one_day_is_no_alarm_and_of_three_days_is() -> None:
    """However far its guests are from the others."""
    one = Watch(some(LEARNED + 20, alter=after(LEARNED + 10, 0, 2.0, LEARNED + 10.9)))
    assert not any(one.certain(LEARNED + day) for day in (10.1, 11.1, 12.1, 13.1, 14.1))
    three = Watch(some(LEARNED + 20, alter=after(LEARNED + 10, 0, 2.0, LEARNED + 13)))
    assert NAMES[0] in three.certain(LEARNED + 12.1)


def test_what_a_season_brings_every_year_is_no_alarm() -> None:
    """Other people, who came a year ago as well; without the year before they would be an alarm."""

    def summer(when: Floats, values: Floats) -> None:
        values[:, 0] += 1.4 * np.sin((when - 60) * 2 * np.pi / 365)

    def only_now(when: Floats, values: Floats) -> None:
        values[:, 0] += np.where(when > LEARNED, 0.8 * np.sin((when - LEARNED) * 2 * np.pi / 120), 0.0)

    days = range(LEARNED + 5, LEARNED + 45)
    yearly = Watch(some(LEARNED + 45, alter=summer))
    assert not any(NAMES[0] in yearly.certain(day) for day in days)
    new = Watch(some(LEARNED + 45, alter=only_now))
    assert any(NAMES[0] in new.certain(day) for day in days)


def colleagues(days: float, each: int, seed: int, alter: Alter | None = None) -> Arrivals:
    """Arrivals of whom ``each`` come one after another from one company, with its size."""
    made = some(days, seed=seed)
    company = np.arange(len(made.at)) // each
    first = company * each
    values = made.values.copy()
    values[:, 0] = made.values[first, 0]
    if alter:
        alter((made.at - BEGIN_US) / DAY_US, values)
    return replace(made, values=values, company=company)


def test_colleagues_are_no_alarm_and_what_changes_among_them_is_found() -> None:
    """Four of each company say little more of its size than one; of strangers the same values would be alarms."""
    made = colleagues(LEARNED + 120, 4, 1)
    together, alone = Watch(made), Watch(replace(made, company=np.arange(len(made.at))))
    days = range(LEARNED + 3, LEARNED + 120, 6)
    assert not any(NAMES[0] in together.certain(day) for day in days)
    assert any(NAMES[0] in alone.certain(day) for day in days)
    watch = Watch(colleagues(LEARNED + 20, 4, 1, after(LEARNED + 5, 0, 1.2)))
    assert NAMES[0] in watch.certain(LEARNED + 15)


@given(st.integers(1, 6), st.integers(0, 99))
def test_likeness_is_none_of_strangers_and_whole_of_what_is_shared(each: int, seed: int) -> None:
    """And arrivals without colleagues are worth what they are."""
    rng = np.random.default_rng(seed)
    company = np.repeat(np.arange(300), each)
    shared, own = rng.integers(0, 4, 300)[company], rng.integers(0, 4, 300 * each)
    found = likeness(np.column_stack([shared, own]), rng.permutation(300)[company], 5)
    assert met(company) == pytest.approx(each)
    assert found[0] == (0.0 if each == 1 else 1.0)
    assert found[1] < 0.15
    assert design_effect(found, met(company))[0] == pytest.approx(each)


def test_what_nobody_had_before_is_found() -> None:
    """A value that the reference does not know; a rise of missing values is an alarm, a fall is none."""
    assert NAMES[2] in Watch(some(LEARNED + 20, alter=after(LEARNED + 10, 2, 1.0))).certain(LEARNED + 13)

    def a_third(when: Floats, values: Floats) -> None:
        values[:, 1] = (when >= LEARNED + 10) & (np.arange(len(when)) % 3 == 0)

    def half_until_then(when: Floats, values: Floats) -> None:
        values[:, 1] = (when < LEARNED + 10) & (np.arange(len(when)) % 2 == 0)

    assert NAMES[1] in Watch(some(LEARNED + 20, alter=a_third)).certain(LEARNED + 13)
    assert NAMES[1] not in Watch(some(LEARNED + 20, alter=half_until_then)).certain(LEARNED + 13)


def test_few_arrivals_wait_until_they_are_enough() -> None:
    """Two blocks at least; ten a day are judged by what came in weeks."""
    watch = Watch(some(LEARNED + 60, a_day=10.0, alter=after(LEARNED + 10, 0, 1.0)))
    assert NAMES[0] in watch.certain(LEARNED + 10 + 30)
    assert watch.found(LEARNED + 40)[NAMES[3]].arrivals >= 140
    assert Watch(some(LEARNED + 60, a_day=0.6)).found(LEARNED + 60) == {}
    assert learn(some(30, a_day=5.0), BEGIN + timedelta(days=30)) is None


def wave_of(height: float) -> Alter:
    """Sizes that swing over the year, highest at its beginning."""

    def alter(when: Floats, values: Floats) -> None:
        values[:, 0] += height * np.cos(2 * np.pi * when / 365)

    return alter


def test_a_year_foretells_its_seasons() -> None:
    """Where ten come a day a month tells little: the wave through all months is near to what comes, and worth more."""
    reference = Watch(some(LEARNED, a_day=10.0, alter=wave_of(0.5))).reference
    truth = some(365, a_day=2_000.0, alter=wave_of(0.5), seed=2)
    for day in (25, 60, 150, 200):
        days = (truth.at - BEGIN_US) / DAY_US
        bins = reference.placed(truth).places[np.abs(days - day) < 2, 0]
        real = np.bincount(bins, minlength=reference.counts.shape[-1]) / len(bins)
        moment = BEGIN + timedelta(days=365 + day)
        wave, usual = foretold(reference, moment, 2 / 7), reference.usual(2 / 7)
        season = reference.season(moment, 2 / 7)
        assert wave
        assert season
        assert np.allclose(wave[0].sum(axis=1), 1.0)
        assert np.abs(wave[0][0] - real).sum() < 0.12
        assert season[1][0] < wave[1][0] < usual[1][0]
        if day in (25, 200):
            assert np.abs(wave[0][0] - real).sum() < np.abs(usual[0][0] - real).sum()


def test_less_than_a_year_foretells_nothing_and_so_does_what_is_known_of_nobody() -> None:
    """A wave through some months may go anywhere between the others."""
    assert foretold(Watch(some(LEARNED)).reference, BEGIN + timedelta(days=LEARNED), 0.3)
    short = learn(some(200.0), BEGIN + timedelta(days=200))
    assert short
    assert foretold(short, BEGIN + timedelta(days=200), 0.3) is None

    def unknown(when: Floats, values: Floats) -> None:
        values[:, 1] = 1.0

    found = foretold(Watch(some(LEARNED, alter=unknown)).reference, BEGIN + timedelta(days=400), 0.3)
    assert found
    assert (float(found[0][0].sum()), float(found[1][0])) == (0.0, 0.0)
    assert np.isfinite(found[1]).all()


def test_what_is_known_of_nobody_is_no_change() -> None:
    """As when a kind of event never came: nothing is divided by nothing."""

    def unknown(when: Floats, values: Floats) -> None:
        values[:, 1] = 1.0

    found = Watch(some(LEARNED + 10, alter=unknown)).found(LEARNED + 10)[NAMES[0]]
    assert (found.index, found.chance, found.certain) == (0.0, 1.0, False)


def test_a_reference_comes_back_from_plain_values() -> None:
    """As it was, to the last count; measures that it does not know are left alone."""
    made = some(LEARNED)
    reference = learn(made, BEGIN + timedelta(days=LEARNED))
    assert reference
    again = Reference.from_json(reference.to_json())
    assert again.to_json() == reference.to_json()
    fewer = replace(made, names=("other", *NAMES[1:]))
    assert (again.placed(fewer).places[:, 0] == -1).all()


@given(st.lists(st.sampled_from([0.01, 0.05, 0.05, 0.2, 0.5, 0.9]), min_size=2, max_size=12))
def test_the_expected_auc_is_that_over_all_pairs(chances: list[float]) -> None:
    """Worked out pair by pair."""
    hits = pairs = 0.0
    for one, p in enumerate(chances):
        for other, q in enumerate(chances):
            if one != other:
                weight = p * (1 - q)
                pairs += weight
                hits += weight * (1.0 if p > q else 0.5 if p == q else 0.0)
    assert expected_auc(np.array(chances)) == pytest.approx(hits / pairs)


def test_leads_that_are_harder_to_tell_apart_are_expected_to_be_ranked_worse() -> None:
    """Before any of them has had time to convert."""
    rng = np.random.default_rng(1)
    wide, narrow = (1 / (1 + np.exp(2 - spread * rng.normal(size=2_000))) for spread in (1.5, 0.3))
    high = np.zeros(2_000)
    before, now = expected(wide, high), expected(narrow, high)
    assert before
    assert now
    assert now.auc + 6 * now.auc_spread < before.auc
    assert now.precision is None


@given(st.integers(0, 3_000).map(lambda days: BEGIN + timedelta(days=days, hours=days % 24)))
def test_months_and_weekends_are_those_of_the_calendar(moment: datetime) -> None:
    """And the season of a day lies between the two months a year ago whose middles are nearest."""
    at = np.array([int(moment.timestamp()) * 1_000_000])
    number = moment.year * 12 + moment.month - 1
    assert month_of(at)[0] == number
    assert weekend(at)[0] == (moment.weekday() >= 5)
    spot = season_of(moment)
    assert 0 <= spot.later <= 1
    assert spot.month + 12 in {number - 1, number, number + 1}


def finding(name: str, *, sure: bool = True, lasting: bool = True, index: float = 0.3) -> Finding:
    """A finding with shares to be told."""
    before, now = (0.97, 0.03), (0.59, 0.41)
    return Finding(name, 214, BEGIN, before, now, None, index, 1e-9, certain=sure, lasting=lasting)


def test_one_alarm_a_subject_and_the_missing_field_explains_the_rest() -> None:
    """What comes from several inputs is silent beside one of them; a calm subject closes; none does without a look."""
    inputs = {"missing:a": ("a",), "shape:a": ("a",), "shape:ab": ("a", "b"), "shape:c": ("c",), "shape:bd": ("b", "d")}
    every = [finding("shape:a", index=0.9), finding("missing:a"), finding("shape:ab"), finding("shape:bd")]
    turn = turned((), every, inputs.__getitem__)
    assert {name: one.name for name, one in turn.opened.items()} == {"a": "missing:a", "b+d": "shape:bd"}
    calm = finding("shape:c", sure=False, lasting=False)
    assert turned(("a", "c"), [*every, calm], inputs.__getitem__).closed == ("c",)
    assert turned(("c",), [finding("shape:c", sure=False)], inputs.__getitem__).closed == ()
    assert turned(("a", "c"), [], inputs.__getitem__).closed == ()


def test_sentences_say_what_happened_and_what_to_do() -> None:
    """With the label that people know, the numbers, and since when."""
    made = some(LEARNED)
    reference = learn(made, BEGIN + timedelta(days=LEARNED))
    assert reference
    spec = FeatureSpec(Timing.DATED, fields=(FieldSpec("crm.size", "Company size", FieldType.NUMBER),))
    bundle = Bundle("t", "v", None, spec, None, None, None, None)  # type: ignore[arg-type]
    missing = told(bundle, reference, finding("missing:crm.size"))
    assert missing.sentence == (
        "Missing “Company size” rose from 3 % to 41 % among the 214 people who came since Wednesday 1 January."
    )
    assert "form" in missing.action
    wide = replace(
        finding(NAMES[0]), before=(0.1, 0.2, 0.2, 0.2, 0.2, 0.1, 0.0), now=(0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.0)
    )
    assert "the share with “Company size” above 1.2" in told(bundle, reference, wide).sentence
    season = replace(finding("high"), season=(0.9, 0.1))
    assert "(10 % at this time a year ago)" in told(bundle, reference, season).sentence
    assert "since" in told(bundle, reference, finding("score")).sentence


def test_the_ten_most_important_features_matter_most() -> None:
    """By the report's importance; also where what they come from is missing."""
    bundle = Bundle("t", "v", None, FeatureSpec(Timing.DATED), None, None, None, None)  # type: ignore[arg-type]
    report = [{"name": f"f{place}", "importance": place} for place in range(30)]
    wanted = {f"{kind}:f{place}" for place in range(20, 30) for kind in ("shape", "missing")}
    assert important(bundle, report) == wanted


def test_chances_are_judged_by_what_became_of_those_of_whom_they_were_told() -> None:
    """True ones are no drift; halved ones are one, and surely; of few conversions nothing is said."""
    rng = np.random.default_rng(2)
    chance = rng.beta(2, 8, 3_000)
    told_at = BEGIN + timedelta(days=5)
    won = np.flatnonzero(rng.random(3_000) < chance)
    leads = {"lead_id": list(range(3_000)), "created_at": [BEGIN] * 3_000, "intake_order": None, "company_key": None}
    history = History(
        pl.DataFrame(leads | {"email_kind": None}, schema=LEADS),
        pl.DataFrame(schema=VALUES),
        pl.DataFrame(schema=EVENTS),
        pl.DataFrame({"lead_id": won, "at": [told_at + timedelta(days=3)] * len(won)}, schema=CONVERSIONS),
        pl.DataFrame(schema=EXCLUSIONS),
        (),
    )
    goal = Goal("deal_won", Timing.DATED, horizon_days=30)

    def told_as(chances: Floats, few: int = 3_000) -> Cohort:
        rows = {"lead_id": list(range(few)), "as_of": [told_at] * few, "chance": chances[:few]}
        made = cohort(pl.DataFrame(rows, schema=TOLD), history, goal)
        assert made
        return made

    true, halved, few = told_as(chance), told_as(chance / 2), told_as(chance, 60)
    assert true.drift
    assert (true.leads, true.conversions, true.drift.reasons, true.certain) == (3_000, len(won), (), False)
    assert halved.certain
    assert few.drift is None
    assert not few.certain
