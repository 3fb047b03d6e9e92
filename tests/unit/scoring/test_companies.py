"""A company's chance: between its bounds, rising with every lead, the same in any order."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.companies import DEPENDENCE, chance_of_any

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=40)
DEPENDENCES = st.floats(0, 1)
ROUNDING = 1e-12


@given(CHANCES, DEPENDENCES)
def test_it_lies_between_the_best_lead_and_strangers(chances: list[float], dependence: float) -> None:
    """One decision is the lower bound, independent ones are the upper."""
    found = chance_of_any(chances, dependence)
    assert max(chances) <= found <= 1.0
    assert found <= 1.0 - math.prod(1.0 - chance for chance in chances) + ROUNDING


@given(CHANCES, DEPENDENCES, st.randoms())
def test_the_order_of_leads_does_not_matter_to_the_last_bit(chances: list[float], dependence: float, draw) -> None:
    mixed = list(chances)
    draw.shuffle(mixed)
    assert chance_of_any(mixed, dependence) == chance_of_any(chances, dependence)


@given(CHANCES, DEPENDENCES, st.data())
def test_it_never_falls_when_a_chance_rises_or_a_lead_joins(
    chances: list[float], dependence: float, data: st.DataObject
) -> None:
    before = chance_of_any(chances, dependence)
    place = data.draw(st.integers(0, len(chances) - 1))
    risen = [*chances]
    risen[place] = data.draw(st.floats(chances[place], 1))
    assert chance_of_any(risen, dependence) >= before - ROUNDING
    assert chance_of_any([*chances, data.draw(st.floats(0, 1))], dependence) >= before - ROUNDING


@given(st.floats(0, 1))
def test_one_lead_is_the_company(chance: float) -> None:
    assert chance_of_any([chance]) == pytest.approx(chance, abs=ROUNDING)


def test_ten_leads_of_a_tenth() -> None:
    """The figures of the decision: 10 % as one, 65 % as strangers, and what is stated between."""
    leads = [0.1] * 10
    assert chance_of_any(leads, 1.0) == pytest.approx(0.1)
    assert chance_of_any(leads, 0.0) == pytest.approx(1 - 0.9**10)
    assert chance_of_any(leads) == pytest.approx(1 - 0.9**DEPENDENCE * (0.9**10) ** (1 - DEPENDENCE))


@pytest.mark.parametrize(
    ("chances", "dependence"), [([], 0.5), ([1.1], 0.5), ([math.nan], 0.5), ([0.1], -0.1), ([0.1], math.nan)]
)
def test_what_is_no_chance_is_refused(chances: list[float], dependence: float) -> None:
    with pytest.raises(ValueError, match=r"between 0"):
        chance_of_any(chances, dependence)
