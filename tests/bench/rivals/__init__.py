"""The same backfill by other programs, against the same sandbox in the same run."""
