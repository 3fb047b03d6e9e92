"""What a deployment tells its operators: logs, counts, who is alive. Nothing here knows a person."""
