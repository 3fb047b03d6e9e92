"""From how many converting leads on which part of a model is learned; free of imports, so that pages can tell it."""

from __future__ import annotations

MIN_CONVERSIONS = 30
"""Fewer distinct converting leads than this get a scorecard instead of a learned model."""
SIGMOID_FROM, ISOTONIC_FROM = 100, 1_000
"""Distinct conversions from which calibration corrects more than the level, and follows what was observed."""
SEQUENCE_FROM = 200
"""Distinct converting leads in the windows and before; with fewer a network learns little that lasts."""
