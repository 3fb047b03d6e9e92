"""Would the newest wins and losses have been told apart before they ended? Scores of then, by models of then."""

from scoring.lookback.cases import DAYS, MOST, Cases, newest
from scoring.lookback.looking import LOOKBACK, Ground, Looked, look_back

__all__ = ["DAYS", "LOOKBACK", "MOST", "Cases", "Ground", "Looked", "look_back", "newest"]
