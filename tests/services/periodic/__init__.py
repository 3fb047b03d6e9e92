"""Reports of a month or a quarter."""
