"""When what happens in a simulated life, in days since it began."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """``a_day``: arrivals of an average day; ``step``: days between trainings, on which all other days lie.

    From ``first`` (the first training) until ``launch`` nothing happens but seasons and weekends. ``launch``: a product
    for another kind of customer; ``pricing``: new prices; from ``broken`` until ``mended`` no page view arrives.
    ``probe``: newcomers by whom models are measured at each step. ``new_company``: how often the next one who comes is
    of another company than the one before. ``calm_days``: of the years without changes.
    """

    a_day: float
    first: int
    launch: int
    pricing: int
    broken: int
    mended: int
    end: int
    step: int
    probe: int
    calm_days: int
    new_company: float = 0.6

    @property
    def steps(self) -> range:
        """The days on which a model is trained."""
        return range(self.first, self.end, self.step)

    def stretches(self) -> dict[str, tuple[int, int]]:
        """Each change and until when nothing else happens."""
        return {
            "launch": (self.launch, self.pricing),
            "pricing": (self.pricing, self.broken),
            "tag": (self.broken, self.mended),
            "mended": (self.mended, self.end),
        }


FULL = Plan(
    a_day=18,
    first=400,
    launch=498,
    pricing=694,
    broken=834,
    mended=862,
    end=904,
    step=14,
    probe=2_000,
    calm_days=730,
)
LARGE = Plan(
    a_day=100,
    first=120,
    launch=148,
    pricing=260,
    broken=456,
    mended=484,
    end=512,
    step=28,
    probe=2_000,
    calm_days=0,
)
"""A large tenant, of whom recovery alone is told: how soon a change is learned is a matter of outcomes, not of days.
After the new prices nothing else happens for so long that enough outcomes are known to reach what is asked at all."""
QUICK = Plan(
    a_day=6,
    first=210,
    launch=266,
    pricing=322,
    broken=378,
    mended=406,
    end=434,
    step=28,
    probe=500,
    calm_days=120,
)
