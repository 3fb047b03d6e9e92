"""What the scores are for: drafted, signed by the owner, and measured against by every report."""
