"""Lead scoring on frames: no database, no web, no queue, no vendor."""
