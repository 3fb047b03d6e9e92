"""Reports of a month or a quarter: made once by the clock, kept as they were, read, signed off and sent."""
