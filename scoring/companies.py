"""A company's chance: that at least one of its leads converts.

Leads of one company do not decide alone: often one purchase stands behind all their chances. Were they one decision,
the company's chance would be that of its best lead; were they none of each other's business, 1 − Π(1 − p). The truth
lies between, and ``dependence`` says where: the chance that nobody converts is the weighted geometric mean of both,

    1 − P = (1 − max p)^d · (Π (1 − p))^(1 − d).

So P rises with every p, is never below the best lead's chance, never above that of independent leads, and does not
depend on the order in which leads are named (to the last bit: the sum is exact).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

DEPENDENCE = 0.5
"""Half-way between one decision and many: stated, not learned (see docs/decisions/0023)."""


def chance_of_any(chances: Sequence[float], dependence: float = DEPENDENCE) -> float:
    """Return the chance that at least one of these leads converts.

    Raises:
        ValueError: there is no lead, a chance is none, or ``dependence`` is not between 0 and 1.

    """
    if not chances or not all(0.0 <= chance <= 1.0 for chance in chances):
        raise ValueError("A company's chance needs its leads' chances, each between 0 and 1.")
    if not 0.0 <= dependence <= 1.0:
        raise ValueError(f"Dependence lies between 0 (none) and 1 (one decision), not {dependence}.")
    best = max(chances)
    if best == 1.0:
        return 1.0
    none = math.fsum(math.log1p(-chance) for chance in chances)
    together = dependence * math.log1p(-best) + (1.0 - dependence) * none
    # Rounding must not put the company below its best lead.
    return min(max(-math.expm1(together), best), 1.0)
