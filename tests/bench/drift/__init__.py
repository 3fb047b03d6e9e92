"""Whether the daily watch finds changes among those who come, and how often it cries wolf."""
