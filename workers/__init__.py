"""Celery workers: a task wakes, the intent's row decides."""
