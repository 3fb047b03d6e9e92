"""What the operator says that running the product costs."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Prices:
    """In one currency: an hour of a processor, a gigabyte (10⁹ bytes) stored for a month, a thousand requests to CRMs.

    None: the operator names no price, and nothing is counted for it.
    """

    currency: str = "EUR"
    cpu_hour: Decimal | None = None
    gigabyte_month: Decimal | None = None
    thousand_calls: Decimal | None = None

    @property
    def named(self) -> bool:
        """Whether there is any price."""
        return any(price is not None for price in (self.cpu_hour, self.gigabyte_month, self.thousand_calls))
