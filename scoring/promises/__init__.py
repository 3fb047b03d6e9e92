"""What may be said of leads before their outcomes are known: how many will convert, and how many at least."""

from scoring.promises.lists import Promise, Worked, least, trust
from scoring.promises.sums import Total, total

__all__ = ["Promise", "Total", "Worked", "least", "total", "trust"]
